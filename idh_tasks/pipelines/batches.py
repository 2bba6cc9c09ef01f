"""Work cut into a bounded number of batches, so that orchestration stays cheap."""

from collections.abc import Sequence
from typing import TypedDict

MAX_BATCHES = 64


class Batch(TypedDict):
    """Ids of ours and a label that a person reads in the Airflow UI."""

    label: str
    ids: list[str]


def cut(ids: Sequence[str], size: int = 4, what: str = "studies") -> list[Batch]:
    """Cut ids into at most 64 batches of at least `size`, in order.

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
