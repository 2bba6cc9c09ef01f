"""Questions to people and their answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class Review:
    """A question about one subject; its answer holds as long as the evidence is the same."""

    review_id: str
    kind: str
    subject: str
    evidence: str
    person_key: str
    detail: Mapping[str, Any]
    options: tuple[str, ...]
    moot: bool = False
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    opened_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True)
class ProposedOutline:
    """A tumour outline that the platform proposed for a study; `object_key` is its picture."""

    study_id: StudyId
    sha256: str
    volume_ml: float
    object_key: str


def _review(row: RowMapping) -> Review:
    return Review(**{**dict(row), "options": tuple(row["options"])})


def listed(transaction: Transaction, review_id: str | None = None, *, everything: bool = False) -> list[Review]:
    """Return the open questions, or all of them, or one."""
    return [_review(row) for row in transaction.rows("reviews/select_reviews", review_id=review_id, all=everything)]


def claim(transaction: Transaction, again_after_days: int, most: int) -> list[Review]:
    """Take open questions to be asked now; none is asked twice at a time."""
    rows = transaction.rows("reviews/claim_reviews", again_after_days=again_after_days, most=most)
    return sorted(map(_review, rows), key=lambda review: review.review_id)


def waiting(transaction: Transaction, again_after_days: int) -> int:
    """Return how many open questions have not been asked lately."""
    return int(transaction.rows("reviews/count_unasked_reviews", again_after_days=again_after_days)[0]["reviews"])


def answer(transaction: Transaction, review_id: str, option: str, who: str) -> RowMapping | None:
    """Record an answer; return kind, subject and evidence, or nothing if it was answered or is no option."""
    return transaction.one("reviews/update_review_answer", review_id=review_id, answer=option, answered_by=who)


def request_outline_review(transaction: Transaction, outline: ProposedOutline) -> None:
    """Open a review of a proposed outline; earlier proposals for the same study become moot."""
    transaction.run("reviews/insert_outline_review", **vars(outline))


def accepted_outline(transaction: Transaction, study_id: StudyId) -> str | None:
    """Return the hash (SHA-256) of the proposed outline that a reviewer accepted last for a study, or None."""
    row = transaction.one("reviews/select_accepted_outline", study_id=study_id)
    return None if row is None else str(row["sha256"])
