"""The laboratory's feed: which files were read, and how many rows and reports each reading had."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from idh_tasks.codes import Code, Stage
from idh_tasks.db.engine import Transaction

PASSING = [code for code in Code if code.stage in (Stage.TRANSPORT, Stage.PLATFORM)]
"""Faults of the transfer and of the store, which say nothing of a file."""


@dataclass(frozen=True)
class FeedFile:
    """A file that was read or held; `file_id` is a keyed hash, because a file's name may be a patient's."""

    file_id: str
    state: Literal["read", "held"]
    code: Code | None = None
    reason: str | None = None
    reports: int = 0
    merges: int = 0


class FeedSource(StrEnum):
    """Where pathology results come from."""

    LABORATORY = "laboratory"
    FHIR = "fhir"
    FILES = "files"


@dataclass(frozen=True, kw_only=True)
class FeedReading:
    """One reading of a source of pathology results; `rows_there` counts the rows of the laboratory's view.

    `flag` is set where the reading failed, or where the number of rows is suspicious: then nothing is trained until a
    good reading follows. `reason` says more, without any identifier.
    """

    source: FeedSource
    rows_there: int | None = None
    reports_read: int = 0
    reports_new: int = 0
    held: int = 0
    flag: Code | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Usual:
    rows_there: int | None


@dataclass(frozen=True)
class _Latest:
    flag: Code | None


def known_files(transaction: Transaction) -> set[str]:
    """Return the ids of all files that were read, held or named as unread."""
    return set(transaction.column(str, "feed/select_feed_files"))


def unfetched_files(transaction: Transaction) -> set[str]:
    """Return the ids of the files that older versions held although they had only failed to fetch them."""
    return set(transaction.column(str, "feed/select_unfetched_files", passing=PASSING))


def save_file(transaction: Transaction, file: FeedFile) -> None:
    """Record a file that was read or held."""
    transaction.run("feed/insert_feed_file", **vars(file))


def save_reading(transaction: Transaction, reading: FeedReading) -> None:
    """Record a reading of the view or of a file."""
    transaction.run("feed/insert_feed_night", **vars(reading))


def usual_rows(transaction: Transaction) -> int:
    """Return the smallest number of rows that the view had in its last good readings; 0 before the first."""
    [usual] = transaction.all(_Usual, "feed/select_usual_feed")
    return usual.rows_there or 0


def latest_flag(transaction: Transaction) -> Code | None:
    """Return why the latest reading of the view was suspicious, or None."""
    latest = transaction.first(_Latest, "feed/select_latest_feed_night")
    return latest.flag if latest else None
