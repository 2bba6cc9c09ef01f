"""A set of rows of any size is passed in arrays of which no one is too large."""

import json
from itertools import pairwise

import pytest

from idh_tasks.db import row_sets

ROWS = [{"number": number, "text": "ä" * number} for number in range(40)]


@pytest.mark.parametrize("largest", [1, 60, 500, 10**9])
def test_the_arrays_hold_every_row_once_and_in_its_order(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_sets, "LARGEST", largest)
    arrays = list(row_sets.arrays(iter(ROWS)))
    assert [row for array in arrays for row in json.loads(array)] == ROWS
    assert all(len(array) <= largest + 2 or len(json.loads(array)) == 1 for array in arrays)


def test_rows_are_not_divided_more_than_they_must(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_sets, "LARGEST", 500)
    sizes = [len(array) for array in row_sets.arrays(ROWS)]
    assert all(one + following > 500 for one, following in pairwise(sizes))


def test_no_row_is_no_array() -> None:
    assert list(row_sets.arrays([])) == []
