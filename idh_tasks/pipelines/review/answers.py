"""Answers: each is recorded with its author and takes effect in the next link run."""

from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.db import audit, links, reviews, series_names
from idh_tasks.db.engine import Transaction
from idh_tasks.db.links import MergeEvent
from idh_tasks.db.reviews import Review
from idh_tasks.domain.review import ABOUT_IMAGES, LEAVE_OPEN, SAME_PERSON, ReviewKind
from idh_tasks.domain.study import PatientKey, SeriesId
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review.questions import review_id_of, token


def record_answer(platform: Platform, shown: str, option: str, reviewer: str | None) -> bool:
    """Record what a reviewer chose; return whether it decides the question.

    Parameters
    ----------
    shown
        What the reviewer was shown (see `questions.token`); the answer counts for nothing else.
    reviewer
        The user, or None if the question timed out: the question stays open and the case stays out of the cohort.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if the question has another answer already or does not offer this option; ``E_NOT_SHOWN`` if its
        text or its evidence has changed since it was shown, in which case it is asked again.
    """
    review_id = review_id_of(shown)
    with platform.database.begin() as transaction:
        if reviewer is None or option == LEAVE_OPEN:
            action = "left open" if reviewer else "review timed out"
            audit.record(transaction, reviewer or "review", action, review_id)
            return False
        counts = _record(platform, transaction, shown, option, reviewer)
    if not counts:
        raise RunRefusedError(Code.E_NOT_SHOWN, f"question {review_id} has changed since it was shown")
    return True


def _record(platform: Platform, transaction: Transaction, shown: str, option: str, reviewer: str) -> bool:
    """Record an answer if the question is still as it was shown; return whether it is."""
    # The evidence must not change between the check and the end of the transaction.
    links.lock(transaction)
    review = reviews.locked_review(transaction, review_id_of(shown))
    if review is not None and review.answer is not None:
        return _same_answer(review, shown, option, reviewer)
    if review is None or not _as_shown(platform, transaction, review, shown) or not _named(transaction, review, option):
        audit.record(transaction, reviewer, "answer not recorded", review_id_of(shown), answer=option)
        reviews.release(transaction, review_id_of(shown))
        return False
    if not reviews.record_answer(transaction, review.review_id, option, reviewer):
        raise RunRefusedError(Code.E_REVIEW, f"question {review.review_id} does not offer this option")
    if review.kind is ReviewKind.NEAR_MISS and option == SAME_PERSON:
        _merge(platform, transaction, review)
    audit.record(transaction, reviewer, "answered", review.review_id, kind=review.kind, answer=option)
    return True


def _same_answer(review: Review, shown: str, option: str, reviewer: str) -> bool:
    """Accept an answer that is recorded already, which happens if a task is retried."""
    if (token(review), review.answer, review.answered_by) != (shown, option, reviewer):
        raise RunRefusedError(Code.E_REVIEW, f"question {review.review_id} is answered already")
    return True


def _as_shown(platform: Platform, transaction: Transaction, review: Review, shown: str) -> bool:
    """Return whether a question is what was shown, and still arises from the present reports, studies and merges."""
    if token(review) != shown:
        return False
    if review.kind in ABOUT_IMAGES:
        return not review.moot  # a later run of preprocessing or training makes it moot
    # Whether the others are moot is only known at the next link run.
    links.touch(transaction, reviews.patients_of(transaction, review.review_id))
    links.derive_links(transaction, platform.settings.linkage.window_days)
    return reviews.still_arises(transaction, review.review_id)


def _named(transaction: Transaction, review: Review, option: str) -> bool:
    """Give a series the name of an answer; return False if the platform concludes something else about it by now."""
    if review.kind is not ReviewKind.SERIES_NAME or option not in review.options:
        return True
    return series_names.give(transaction, SeriesId(review.subject), review.detail, option)


def _merge(platform: Platform, transaction: Transaction, near_miss: Review) -> None:
    """Merge the two patients of a near miss: the report's into that of the images."""
    now = datetime.now(UTC)  # taken back and given again, the answer is another event
    event_id = platform.pseudonymiser.token("merge", "review", near_miss.review_id, now.isoformat())
    prior, surviving = PatientKey(near_miss.subject), PatientKey(near_miss.evidence)
    links.save_merges(transaction, [MergeEvent(event_id, prior, surviving, False, now, "review")])
