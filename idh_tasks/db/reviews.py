"""Questions that a person must decide, and the answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.review import ReviewKind
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class Review:
    """A question about one subject; its answer holds as long as the evidence stays the same."""

    review_id: str
    kind: ReviewKind
    subject: str
    evidence: str
    person_key: str
    detail: Mapping[str, object]
    options: tuple[str, ...]
    moot: bool = False
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    opened_at: datetime | None = None
    asked_at: datetime | None = None
    reopened_at: datetime | None = None


@dataclass(frozen=True)
class ProposedOutline:
    """A tumour outline that needs acceptance; `object_key` is its picture, `doubts` are for people.

    `origin` says who submitted it, None if the platform proposed it.
    """

    study_id: StudyId
    sha256: str
    volume_ml: float
    object_key: str
    doubts: str
    origin: str | None = None


@dataclass(frozen=True)
class Neighbours:
    """The open reviews beside one in the queue, and the studies of its person."""

    before: str | None
    after: str | None
    studies: tuple[StudyId, ...]


def update_reviews(transaction: Transaction) -> None:
    """Open the questions about touched persons that now arise and mark as moot those that no longer do.

    Links were updated before.

    Outlines have their own reviews: see `request_outline_review`.
    """
    transaction.run("reviews/create_candidate_reviews")
    transaction.run("reviews/upsert_reviews")
    transaction.run("reviews/update_moot_reviews")


def list_reviews(transaction: Transaction, review_id: str | None = None, *, everything: bool = False) -> list[Review]:
    """Return the open reviews, or also closed ones, or only the one with this id."""
    return transaction.all(Review, "reviews/select_reviews", review_id=review_id, all=everything, size=None, start=0)


def open_reviews(transaction: Transaction, size: int, start: int) -> list[Review]:
    """Return a part of the open reviews, the oldest first."""
    return transaction.all(Review, "reviews/select_reviews", review_id=None, all=False, size=size, start=start)


def answered_reviews(transaction: Transaction, size: int, start: int) -> list[Review]:
    """Return a part of the reviews that have an answer, the latest answer first."""
    return transaction.all(Review, "reviews/select_answered_reviews", size=size, start=start)


def reopen(transaction: Transaction, review_id: str, operator: str, reason: str) -> str | None:
    """Take an answer back with all that followed from it; return it, or None if the review has none."""
    [row] = transaction.rows("reviews/reopen_review", review_id=review_id, operator=operator, reason=reason)
    answer: str | None = row["answer"]
    return answer


def neighbours(transaction: Transaction, review_id: str) -> Neighbours | None:
    """Return the open reviews before and after one in the queue, and the studies that it concerns."""
    return transaction.first(Neighbours, "reviews/select_neighbours", review_id=review_id)


def claim_reviews(transaction: Transaction, again_after_days: int, most: int) -> list[Review]:
    """Take open reviews to be requested now; each is claimed once until `again_after_days` have passed."""
    claimed = transaction.all(Review, "reviews/claim_reviews", again_after_days=again_after_days, most=most)
    return sorted(claimed, key=lambda review: review.review_id)


def count_due(transaction: Transaction, again_after_days: int) -> int:
    """Return how many open reviews have not been requested in the last `again_after_days` days."""
    [count] = transaction.column(int, "reviews/count_unasked_reviews", again_after_days=again_after_days)
    return count


def locked_review(transaction: Transaction, review_id: str) -> Review | None:
    """Return a review, which stays the same until the transaction ends, or None."""
    return transaction.first(Review, "reviews/lock_review", review_id=review_id)


def patients_of(transaction: Transaction, review_id: str) -> list[str]:
    """Return the patients that a question about reports or persons concerns."""
    return transaction.column(str, "reviews/select_patients_of_review", review_id=review_id)


def still_arises(transaction: Transaction, review_id: str) -> bool:
    """Return whether a review follows, with the same content, from present facts; links were derived before."""
    transaction.run("reviews/create_candidate_reviews")
    return transaction.column(str, "reviews/select_arising_review", review_id=review_id) == [review_id]


def record_answer(transaction: Transaction, review_id: str, option: str, answered_by: str) -> bool:
    """Record an answer; return False if the review is answered already or does not offer the option."""
    values = {"review_id": review_id, "answer": option, "answered_by": answered_by}
    return transaction.run("reviews/update_review_answer", **values) == 1


def release(transaction: Transaction, review_id: str) -> None:
    """Let a review be claimed again, unless it has been answered."""
    transaction.run("reviews/release_review", review_id=review_id)


def request_outline_review(transaction: Transaction, outline: ProposedOutline) -> None:
    """Open a review of a proposed outline; earlier proposals for the same study become moot."""
    transaction.run("reviews/insert_outline_review", **vars(outline))


def accepted_outlines(transaction: Transaction, study_id: StudyId) -> frozenset[str]:
    """Return the hashes (SHA-256) of the outlines that reviewers have accepted for a study."""
    return frozenset(transaction.column(str, "reviews/select_accepted_outlines", study_id=study_id))


def outline_picture(transaction: Transaction, study_id: str) -> str | None:
    """Return the object key of the picture of the outline that was proposed last for a study, or None."""
    pictures = transaction.column(str, "reviews/select_outline_picture", study_id=study_id)
    return pictures[0] if pictures else None
