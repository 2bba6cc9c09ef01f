"""Backfills: years of an archive, cut into slices whose state is kept. Only ingest uses this module."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.engine import Database, Transaction
from idh_tasks.errors import RunRefusedError


@dataclass(frozen=True)
class Order:
    """What a backfill is to fetch: the studies of an archive between two dates, a slice at a time, after others."""

    source: str
    since: date
    until: date
    slice_days: int = 31
    priority: int = 1


@dataclass(frozen=True)
class Backfill:
    """A backfill that is not finished."""

    backfill_id: int
    source: str
    since: date
    until: date
    slice_days: int
    priority: int

    @property
    def order(self) -> Order:
        """Return what was ordered."""
        return Order(self.source, self.since, self.until, self.slice_days, self.priority)


@dataclass(frozen=True)
class SliceDates:
    """The study dates of a slice."""

    since: date
    until: date


@dataclass(frozen=True)
class SliceCounts:
    """What an archive lists in a slice; `instances` are those of the taken studies."""

    listed: int
    taken: int
    excluded: int
    instances: int


@dataclass(frozen=True)
class Progress:
    """How many slices of a backfill are done, and how many are left."""

    done: int
    left_open: int


@dataclass(frozen=True)
class Pace:
    """What the latest retrieves took per file; None where nothing was measured yet."""

    studies: int
    seconds: float | None
    bytes: float | None


@contextmanager
def one_at_a_time(database: Database) -> Iterator[None]:
    """Keep all other processes from working on a backfill.

    Raises
    ------
    RunRefusedError
        ``E_BACKFILL`` if another process does.
    """
    with database.begin() as transaction:
        if transaction.column(bool, "backfills/try_lock") != [True]:
            raise RunRefusedError(Code.E_BACKFILL, "another process is working on the backfill")
        yield


def unfinished(transaction: Transaction) -> Backfill | None:
    """Return the backfill that is not finished, if there is one."""
    return transaction.first(Backfill, "backfills/select_open")


def begin(transaction: Transaction, order: Order, slices: Sequence[SliceDates]) -> None:
    """Keep an order and its slices."""
    [backfill_id] = transaction.column(int, "backfills/insert_backfill", **vars(order))
    transaction.run_many("backfills/insert_slice", [vars(one) | {"backfill_id": backfill_id} for one in slices])


def next_slice(transaction: Transaction, backfill_id: int) -> SliceDates | None:
    """Return the next slice that is to be listed."""
    return transaction.first(SliceDates, "backfills/select_next_slice", backfill_id=backfill_id)


def keep_listed(transaction: Transaction, backfill_id: int, since: date, counts: SliceCounts) -> None:
    """Keep that the studies of a slice are registered."""
    transaction.run("backfills/update_listed", backfill_id=backfill_id, since=since, **vars(counts))


def keep_done(transaction: Transaction, backfill_id: int) -> None:
    """Keep that the listed slices have been worked through."""
    transaction.run("backfills/update_done", backfill_id=backfill_id)


def finish(transaction: Transaction, backfill_id: int) -> None:
    """Keep that a backfill is finished."""
    transaction.run("backfills/finish", backfill_id=backfill_id)


def progress(transaction: Transaction, backfill_id: int) -> Progress:
    """Return how many slices are done."""
    [counts] = transaction.all(Progress, "backfills/count_slices", backfill_id=backfill_id)
    return counts


def pace(transaction: Transaction, source: str) -> Pace:
    """Return what the latest retrieves of an archive took."""
    [measured] = transaction.all(Pace, "backfills/select_pace", source=source)
    return measured


def known(transaction: Transaction, source: str, study_uids: Sequence[str]) -> int:
    """Return how many of these studies need not be fetched."""
    [count] = transaction.column(int, "backfills/count_known", source=source, study_uids=list(study_uids))
    return count
