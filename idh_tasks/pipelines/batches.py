"""Cuts work into a bounded number of batches, so that the cost of orchestration does not grow with the work."""

from collections.abc import Sequence
from typing import TypedDict

MAX_BATCHES = 64


class Batch(TypedDict):
    """Ids of the platform, and the label of the task in the Airflow UI."""

    label: str
    ids: list[str]


def cut(ids: Sequence[str], size: int = 4, what: str = "studies") -> list[Batch]:
    """Cut ids into at most 64 consecutive batches of `size` ids, or more if there would be too many batches.

    Examples
    --------
    >>> [batch["label"] for batch in cut(["a", "b", "c"], size=2)]
    ['1 of 2 · 2 studies', '2 of 2 · 1 studies']
    """
    size = max(size, -(-len(ids) // MAX_BATCHES))
    parts = [list(ids[start : start + size]) for start in range(0, len(ids), size)]
    return [
        Batch(label=f"{number} of {len(parts)} · {len(part)} {what}", ids=part)
        for number, part in enumerate(parts, start=1)
    ]
