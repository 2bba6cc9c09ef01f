"""Long lists are shown in pages of fixed size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R")

SIZE = 50
MOST_COUNTED = 1_000
"""Counts of what grows with history stop one beyond; the page then says 'more than'."""


@dataclass(frozen=True)
class Listing(Generic[R]):
    """One page of rows: its number from 1, and whether another one follows."""

    rows: list[R]
    number: int
    more: bool


def listing(number: int, read: Callable[[int, int], list[R]]) -> Listing[R]:
    """Read one page.

    Parameters
    ----------
    number
        Number of the page, from 1.
    read
        Returns at most as many rows as its first argument says, without as many at the start as its second one says.
    """
    rows = read(SIZE + 1, (number - 1) * SIZE)
    return Listing(rows[:SIZE], number, len(rows) > SIZE)
