"""Schema phi: what the hospital has delivered, one row per delivery. Only ingest uses this module."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.codes import Code
from idh_tasks.db import watermarks
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId


class InboxState(StrEnum):
    """What has become of a delivery so far."""

    FOUND = "found"
    INGESTED = "ingested"
    UNCHANGED = "unchanged"
    QUARANTINED = "quarantined"
    FAILED = "failed"
    VANISHED = "vanished"
    EXCLUDED = "excluded"
    """Its series were asked for, and it does not belong to the platform; such a delivery is not kept."""

    @property
    def is_open(self) -> bool:
        """Return whether the delivery is still to be ingested."""
        return self in (InboxState.FOUND, InboxState.FAILED)


@dataclass(frozen=True, repr=False)
class InboxItem:
    """A delivery: an object or a PACS study under the hospital's own name, with a fingerprint of its content."""

    item_id: str
    source: str
    locator: str
    fingerprint: str
    position: str = ""
    state: InboxState = InboxState.FOUND

    def __repr__(self) -> str:
        return f"InboxItem({self.item_id})"


@dataclass(frozen=True)
class Outcome:
    """What has become of a delivery, with the code and the reason if it was not ingested."""

    state: InboxState
    study_id: StudyId | None = None
    code: Code | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _StateCount:
    source: str
    state: InboxState
    items: int


def register(transaction: Transaction, source: str, items: list[InboxItem], position: str = "") -> None:
    """Record what a source listed and move its watermark past it, in one transaction.

    Parameters
    ----------
    position
        How far the source was listed, if that is further than its deliveries.
    """
    transaction.run_many("inbox/insert_inbox_item", [vars(item) for item in items])
    position = max((position, *(item.position for item in items)))
    if position:
        watermarks.advance(transaction, source, position)


def open_items(transaction: Transaction, source: str) -> list[str]:
    """Return the ids of a source's deliveries that are new or failed the last time."""
    return [row["item_id"] for row in transaction.rows("inbox/select_open_inbox", source=source)]


def get(transaction: Transaction, item_id: str) -> InboxItem:
    """Return a delivery with its state.

    Raises
    ------
    LookupError
        If no delivery has this id.
    """
    item = transaction.first(InboxItem, "inbox/select_inbox_item", item_id=item_id)
    if item is None:
        raise LookupError(item_id)
    return item


def record_outcome(transaction: Transaction, item_id: str, outcome: Outcome) -> None:
    """Record what has become of a delivery."""
    transaction.run("inbox/update_inbox_outcome", item_id=item_id, **vars(outcome))


def count_states(transaction: Transaction, item_ids: list[str]) -> dict[str, Counter[InboxState]]:
    """Return, by source, how many of these deliveries are in each state."""
    states: dict[str, Counter[InboxState]] = defaultdict(Counter)
    for row in transaction.all(_StateCount, "inbox/count_inbox_by_item", item_ids=item_ids):
        states[row.source][row.state] = row.items
    return states
