"""Answers: each is recorded with its author and takes effect in the next link run."""

from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.db import audit, links, reviews
from idh_tasks.db.engine import Transaction
from idh_tasks.db.links import MergeEvent
from idh_tasks.db.reviews import AnsweredReview
from idh_tasks.domain.review import LEAVE_OPEN, SAME_PERSON, ReviewKind
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform


def record_answer(platform: Platform, review_id: str, option: str, reviewer: str | None) -> bool:
    """Record what a reviewer chose; return whether it decides the question.

    Parameters
    ----------
    reviewer
        The user, or None if the question timed out: the question stays open and the case stays out of the cohort.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if the question is answered already or does not offer this option.
    """
    with platform.database.begin() as transaction:
        if reviewer is None or option == LEAVE_OPEN:
            action = "left open" if reviewer else "review timed out"
            audit.record(transaction, reviewer or "review", action, review_id)
            return False
        answered = reviews.record_answer(transaction, review_id, option, reviewer)
        if answered is None:
            raise RunRefusedError(
                Code.E_REVIEW, f"question {review_id} is answered already or does not offer this option"
            )
        if answered.kind is ReviewKind.NEAR_MISS and option == SAME_PERSON:
            _merge(platform, transaction, review_id, answered)
        audit.record(transaction, reviewer, "answered", review_id, kind=answered.kind, answer=option)
    return True


def _merge(platform: Platform, transaction: Transaction, review_id: str, near_miss: AnsweredReview) -> None:
    """Merge the two patients of a near miss: the report's into that of the images."""
    event_id = platform.pseudonymiser.token("merge", "review", review_id)
    prior, surviving = PatientKey(near_miss.subject), PatientKey(near_miss.evidence)
    links.save_merges(transaction, [MergeEvent(event_id, prior, surviving, False, datetime.now(UTC), "review")])
