"""Reads many objects at once, in order, with a bounded number of threads and of objects in memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

THREADS = 32
"""Objects that are read at once; the client keeps as many connections."""

T = TypeVar("T")
R = TypeVar("R")


def in_order(read: Callable[[T], R], items: Iterable[T], ahead: int) -> Iterator[R]:
    """Yield what is read for each item, in the order of the items.

    Parameters
    ----------
    ahead
        How many items are read, or are being read, before they are asked for.
    """
    pool, waiting = ThreadPoolExecutor(min(THREADS, ahead)), deque[Future[R]]()
    try:
        for item in items:
            waiting.append(pool.submit(read, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
