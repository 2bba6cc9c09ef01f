"""Rows that contain every pair of values of any two parameters, so that few runs try them all together."""

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

Pair = frozenset[tuple[str, int]]
TRIES = 20


def pairwise_rows(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return rows with one value per parameter; the first row has the first value of each."""
    rng = random.Random(1)
    left = {
        frozenset({(one, i), (other, j)})
        for one, other in combinations(values, 2)
        for i, j in product(range(len(values[one])), range(len(values[other])))
    }
    rows: list[dict[str, int]] = [dict.fromkeys(values, 0)]
    left -= _pairs(rows[0])
    while left:
        row = max((_row(values, left, rng) for _ in range(TRIES)), key=lambda row: len(_pairs(row) & left))
        left -= _pairs(row)
        rows.append(row)
    return [{name: values[name][row[name]] for name in values} for row in rows]


def _row(values: Mapping[str, Sequence[Any]], left: set[Pair], rng: random.Random) -> dict[str, int]:
    """Return a row that begins with a missing pair and grows by the value that adds most missing pairs."""
    row = dict(rng.choice(sorted(left, key=sorted)))
    for name in rng.sample([name for name in values if name not in row], len(values) - len(row)):
        gains = {value: _gain(left, row, name, value) for value in range(len(values[name]))}
        row[name] = rng.choice([value for value, gain in gains.items() if gain == max(gains.values())])
    return row


def _gain(left: set[Pair], row: Mapping[str, int], name: str, value: int) -> int:
    return sum(frozenset({(name, value), item}) in left for item in row.items())


def _pairs(row: Mapping[str, int]) -> set[Pair]:
    return {frozenset(pair) for pair in combinations(row.items(), 2)}
