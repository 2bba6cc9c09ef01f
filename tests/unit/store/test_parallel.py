"""Objects are read in parallel and given in order, and only so many are held at once."""

import threading
from itertools import islice

import pytest

from idh_tasks.store.parallel import in_order

TOGETHER = 4


def test_items_are_read_at_the_same_time_and_given_in_order() -> None:
    barrier = threading.Barrier(TOGETHER, timeout=30)

    def read(item: int) -> int:
        barrier.wait()  # passes only if so many are read at once
        return -item

    assert list(in_order(read, range(3 * TOGETHER), TOGETHER)) == [-item for item in range(3 * TOGETHER)]


def test_no_more_is_read_ahead_than_allowed() -> None:
    started: list[int] = []

    def read(item: int) -> int:
        started.append(item)
        return item

    assert list(islice(in_order(read, range(100), 3), 5)) == list(range(5))
    assert len(started) <= 5 + 3


def test_an_error_ends_the_reading_at_its_item() -> None:
    def read(item: int) -> int:
        return 1 // (2 - item)

    reading = in_order(read, range(10), 3)
    assert [next(reading), next(reading)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(reading)
