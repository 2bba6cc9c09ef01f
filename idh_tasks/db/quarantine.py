"""The quarantine: everything that was held or noted, with code and reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from idh_tasks.codes import Code, Consequence
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId

Scope = Literal["delivery", "instance", "series", "study", "report"]
"""The kind of a subject."""


NOTES = [code for code in Code if code.consequence is Consequence.NOTED]
"""Codes under which nothing is held."""


@dataclass(frozen=True)
class QuarantineEntry:
    """Something that was not accepted, with code and reason; `subject` is an id of the platform.

    An entry whose code has the consequence `NOTED` is a note: nothing was quarantined. `item_id` is the delivery it
    came with, `object_key` the place of its encrypted bytes, if they were stored.
    """

    subject: str
    scope: Scope
    code: Code
    reason: str
    item_id: str | None = None
    object_key: str | None = None


@dataclass(frozen=True)
class RecordedEntry:
    """An entry as the quarantine lists it; `kept` is true if its encrypted bytes are stored."""

    subject: str
    code: Code
    scope: Scope
    study_id: StudyId | None
    reason: str
    item_id: str | None
    kept: bool
    created_at: datetime
    readmitted_at: datetime | None


@dataclass(frozen=True)
class QuarantineCount:
    """How many subjects of one scope are quarantined with one code."""

    scope: Scope
    code: Code
    items: int


def record(transaction: Transaction, entries: Iterable[QuarantineEntry], study_id: StudyId | None = None) -> None:
    """Record what was quarantined or noted; the same subject and code once."""
    transaction.run_many("quarantine/upsert_quarantine", [vars(entry) | {"study_id": study_id} for entry in entries])


def tie_to_study(transaction: Transaction, entries: Iterable[QuarantineEntry], study_id: StudyId) -> None:
    """Record of which stored study the subjects of entries are, if they were recorded before it was stored."""
    transaction.run("quarantine/update_study", study_id=study_id, subjects=[entry.subject for entry in entries])


def list_entries(transaction: Transaction, subject: str | None = None, *, notes: bool = False) -> list[RecordedEntry]:
    """Return all entries, or those of one subject, oldest first; notes only if asked for."""
    left_out = [] if notes else NOTES
    return transaction.all(RecordedEntry, "quarantine/select_quarantine", subject=subject, left_out=left_out)


def counts(transaction: Transaction) -> list[QuarantineCount]:
    """Return how many subjects are quarantined or noted, by scope and code."""
    return transaction.all(QuarantineCount, "quarantine/count_quarantine")


def returning(transaction: Transaction, code: Code) -> list[str]:
    """Return the subjects that are held with a code and can be tried again."""
    return transaction.column(str, "quarantine/select_returning", code=code)


def readmit(transaction: Transaction, subjects: Sequence[str], operator: str) -> int:
    """Open the deliveries that subjects came with for another attempt, with an audit event; return their number."""
    readmitted = {"subjects": list(subjects), "operator": operator}
    return transaction.column(int, "quarantine/readmit_quarantined", **readmitted)[0]
