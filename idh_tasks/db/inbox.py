"""Schema phi: what the hospital has delivered, one row per delivery. Only ingest uses this module."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idh_tasks.codes import Code
from idh_tasks.db import watermarks
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.retry import Tries
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


NIGHT = 0
"""The priority of deliveries that the next night takes."""
LATER = 32767
"""The highest number that a priority can have."""


@dataclass(frozen=True, repr=False)
class ListedAs:
    """What recognises a study in records from before version 0042: its number of instances, and its patient."""

    counted: str
    patient: str

    def __repr__(self) -> str:
        return "ListedAs()"


@dataclass(frozen=True, repr=False)
class InboxItem:
    """A delivery: an object or a PACS study under the hospital's own name, with a fingerprint of its content.

    `priority` above 0 leaves it to a backfill; `listed` is what an archive states of a study. `nights_tried` and
    `next_try` are its tries without an outcome.
    """

    item_id: str
    source: str
    locator: str
    fingerprint: str
    position: str = ""
    state: InboxState = InboxState.FOUND
    priority: int = 0
    listed: "ListedAs | None" = None
    nights_tried: int = 0
    next_try: datetime | None = None

    @property
    def tries(self) -> Tries:
        """Return how often it was tried without an outcome."""
        return Tries(self.nights_tried, self.next_try)

    def __repr__(self) -> str:
        return f"InboxItem({self.item_id})"


@dataclass(frozen=True)
class Effort:
    """How long a delivery took, from its retrieve to its outcome, and how large it was; None where nothing arrived."""

    seconds: float | None = None
    files: int | None = None
    bytes: int | None = None


NO_EFFORT = Effort()


@dataclass(frozen=True)
class Outcome:
    """What has become of a delivery, with the code and the reason if it was not ingested."""

    state: InboxState
    study_id: StudyId | None = None
    code: Code | None = None
    reason: str | None = None
    effort: Effort = NO_EFFORT


@dataclass(frozen=True)
class Exhausted:
    """A delivery without an outcome after so many nights, with the fault of its last try; None if it was killed."""

    item_id: str
    nights: int
    code: Code | None
    reason: str | None


@dataclass(frozen=True)
class FailedCount:
    """How many deliveries of a source have no outcome because of one code; empty for those that were not reached.

    `repeated` of them had none in an earlier night either.
    """

    source: str
    code: str
    items: int
    repeated: int


@dataclass(frozen=True)
class _StateCount:
    source: str
    state: InboxState
    items: int


def register(transaction: Transaction, source: str, items: list[InboxItem], position: str = "") -> list[str]:
    """Record what a source listed and move its watermark past it, in one transaction; return the ids on record.

    Parameters
    ----------
    position
        How far the source was listed, if that is further than its deliveries.
    """
    ids = enter(transaction, source, items)
    position = max((position, *(item.position for item in items)))
    if position:
        watermarks.advance(transaction, source, position)
    return ids


def enter(transaction: Transaction, source: str, items: list[InboxItem]) -> list[str]:
    """Record deliveries without moving the watermark: they may be of any time; return the ids on record."""
    _adopt(transaction, source, items)
    transaction.run_many("inbox/insert_inbox_item", map(_columns, items))
    rows = ({"locator": item.locator, "fingerprint": item.fingerprint} for item in items)
    return transaction.column_of_set(str, "inbox/select_item_ids", rows, source=source)


def _adopt(transaction: Transaction, source: str, items: list[InboxItem]) -> None:
    rows = ({"locator": one.locator, "fingerprint": one.fingerprint, **vars(one.listed)} for one in items if one.listed)
    transaction.run_set("inbox/adopt_fingerprints", rows, source=source)


def _columns(item: InboxItem) -> dict[str, object]:
    named = ("item_id", "source", "locator", "fingerprint", "position", "priority")
    return {name: getattr(item, name) for name in named}


def open_items(
    transaction: Transaction, source: str, now: datetime, least: int = NIGHT, most: int = NIGHT
) -> list[str]:
    """Return the ids of a source's deliveries that are new or to be tried again by now, of these priorities."""
    return transaction.column(str, "inbox/select_open_inbox", source=source, now=now, least=least, most=most)


def waiting(transaction: Transaction, source: str, now: datetime, least: int = NIGHT, most: int = NIGHT) -> list[str]:
    """Return the ids of a source's deliveries that failed and are tried again later, of these priorities."""
    return transaction.column(str, "inbox/select_waiting", source=source, now=now, least=least, most=most)


def has_open(transaction: Transaction, source: str, least: int) -> bool:
    """Return whether a source has deliveries without an outcome of at least this priority, now or later."""
    return transaction.column(bool, "inbox/select_has_open", source=source, least=least)[0]


def keep_tries(transaction: Transaction, item_id: str, tries: Tries) -> None:
    """Record how often a delivery was tried: before a try, so that one that kills its process counts, too."""
    transaction.run("inbox/update_tries", item_id=item_id, **vars(tries))


def exhausted(transaction: Transaction, source: str, most: int) -> list[Exhausted]:
    """Return the deliveries of a source without an outcome after so many nights."""
    return transaction.all(Exhausted, "inbox/select_exhausted", source=source, most=most)


def failed(transaction: Transaction, item_ids: list[str]) -> list[FailedCount]:
    """Return how many of these deliveries have no outcome, by source and code."""
    return transaction.all(FailedCount, "inbox/count_failed", item_ids=item_ids)


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
    columns = {name: value for name, value in vars(outcome).items() if name != "effort"}
    transaction.run("inbox/update_inbox_outcome", item_id=item_id, **columns, **vars(outcome.effort))


def count_states(transaction: Transaction, item_ids: list[str]) -> dict[str, Counter[InboxState]]:
    """Return, by source, how many of these deliveries are in each state."""
    states: dict[str, Counter[InboxState]] = defaultdict(Counter)
    for row in transaction.all(_StateCount, "inbox/count_inbox_by_item", item_ids=item_ids):
        states[row.source][row.state] = row.items
    return states
