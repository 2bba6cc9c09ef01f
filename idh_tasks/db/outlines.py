"""Outlines that people submit for a study, and what they download to draw them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class StoredObject:
    """Where an object is stored, and its hash."""

    object_key: str
    sha256: str


@dataclass(frozen=True)
class Submission:
    """An outline that a person submitted, and what became of it; `answer` is a reviewer's, None while it waits."""

    sha256: str
    submitted_by: str
    submitted_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None
    answer: str | None

    @property
    def accepted(self) -> bool:
        """Return whether a reviewer accepted it."""
        return self.answer == "accept"


@dataclass(frozen=True)
class UploadedOutline:
    """An outline that a person submitted for a study."""

    study_id: StudyId
    sha256: str
    submitted_by: str
    submitted_at: datetime


def submit(transaction: Transaction, study_id: str, outline: StoredObject, operator: str) -> bool:
    """Record an outline as a new revision of its study; return False without such a study, or if it was the last."""
    values = {"study_id": study_id, "operator": operator, **vars(outline)}
    return transaction.column(bool, "outlines/submit_outline", **values) == [True]


def submitted(transaction: Transaction, study_id: str) -> StoredObject | None:
    """Return the outline that was submitted last for a study and not withdrawn, or None."""
    return transaction.first(StoredObject, "outlines/select_submitted_outline", study_id=study_id)


def submissions(transaction: Transaction, study_id: str) -> list[Submission]:
    """Return the outlines that people submitted for a study, the latest first."""
    return transaction.all(Submission, "outlines/select_submissions", study_id=study_id)


def used(transaction: Transaction, study_id: str, settings_hash: str) -> str | None:
    """Return the hash of the outline in use: that of the present patches of a study, or None if it has none."""
    values = {"study_id": study_id, "settings_hash": settings_hash}
    return next(iter(transaction.column(str, "outlines/select_used_outline", **values)), None)


def uploads(transaction: Transaction, study_ids: Collection[str]) -> list[UploadedOutline]:
    """Return the outlines that people submitted for these studies, each once, with its latest submission."""
    return transaction.all(UploadedOutline, "outlines/select_uploads", studies=sorted(study_ids))


def waiting(transaction: Transaction, study_ids: Collection[str]) -> list[UploadedOutline]:
    """Return the outlines submitted last for these studies that no reviewer has answered for: at most one of each."""
    return transaction.all(UploadedOutline, "outlines/select_waiting_outlines", studies=sorted(study_ids))


def withdraw(transaction: Transaction, study_id: str, sha256: str, reason: str, operator: str) -> bool:
    """Withdraw the outline that was submitted last; return False if it is another one, or was accepted."""
    values = {"study_id": study_id, "sha256": sha256, "reason": reason, "operator": operator}
    return transaction.column(bool, "outlines/withdraw_outline", **values) == [True]


def download_series(transaction: Transaction, study_id: str, series_id: str, operator: str) -> StoredObject | None:
    """Return where a series is stored and record who downloads it; None if there is none."""
    values = {"study_id": study_id, "series_id": series_id, "operator": operator}
    return transaction.first(StoredObject, "outlines/download_series", **values)


def download_outline(transaction: Transaction, study_id: str, operator: str) -> str | None:
    """Return the hash of the outline in use or proposed last and record who downloads it; None if there is none."""
    found = transaction.column(str, "outlines/download_outline", study_id=study_id, operator=operator)
    return found[0] if found else None
