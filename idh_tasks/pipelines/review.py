"""Review: open questions are put to people; an answer is kept with its author and moves the next link run."""

import logging
from datetime import UTC, datetime
from typing import TypedDict

from idh_tasks.db import audit, pathology, reviews
from idh_tasks.db.engine import Transaction
from idh_tasks.db.pathology import MergeEvent
from idh_tasks.db.reviews import Review
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.questions import LEAVE_OPEN, body, title
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

ASK_AGAIN_AFTER_DAYS = 7
MOST_AT_ONCE = 50


class Question(TypedDict):
    """One question as it is put to a person; ids of ours only."""

    review_id: str
    subject: str
    body: str
    options: list[str]


def questions_wait(platform: Platform) -> bool:
    """Tell whether there are open questions that nobody is asked at the moment."""
    with platform.database.begin() as transaction:
        return reviews.waiting(transaction, ASK_AGAIN_AFTER_DAYS) > 0


def ask(platform: Platform) -> list[Question]:
    """Take the open questions that are to be asked now."""
    with platform.database.begin() as transaction:
        claimed = reviews.claim(transaction, ASK_AGAIN_AFTER_DAYS, MOST_AT_ONCE)
    log.info("%d questions are asked", len(claimed))
    return [
        Question(
            review_id=review.review_id,
            subject=title(review.kind, review.subject),
            body=body(review.kind, review.subject, review.detail),
            options=[*review.options, LEAVE_OPEN],
        )
        for review in claimed
    ]


def answer(platform: Platform, review_id: str, option: str, who: str | None) -> bool:
    """Record what a person chose; tell whether it changes anything.

    Parameters
    ----------
    who
        The user, or None if the question timed out: then it stays open and the case out.

    Raises
    ------
    RunRefusedError
        ``E_REVIEW`` if the question is answered already or does not have this option.
    """
    with platform.database.begin() as transaction:
        if who is None or option == LEAVE_OPEN:
            action = "left open" if who else "review timed out"
            audit.record(transaction, who or "review", action, review_id)
            return False
        found = reviews.answer(transaction, review_id, option, who)
        if found is None:
            raise RunRefusedError("E_REVIEW", f"question {review_id} is answered already or has no such option")
        if found["kind"] == "near_miss" and option == "same person":
            _merge(platform, transaction, review_id, found["subject"], found["evidence"])
        audit.record(transaction, who, "answered", review_id, kind=found["kind"], answer=option)
    return True


def _merge(platform: Platform, transaction: Transaction, review_id: str, prior: str, surviving: str) -> None:
    event_id = platform.pseudonymiser.token("merge", "review", review_id)
    event = MergeEvent(event_id, PatientKey(prior), PatientKey(surviving), False, datetime.now(UTC), "review")
    pathology.save_merges(transaction, [event])


def listed(platform: Platform, review_id: str | None = None, *, everything: bool = False) -> list[Review]:
    """Return the open questions, or all, or one."""
    with platform.database.begin() as transaction:
        return reviews.listed(transaction, review_id, everything=everything or review_id is not None)


def outline(platform: Platform, study_id: str) -> bytes:
    """Return the picture (PNG) of the outline that was proposed last for a study.

    Raises
    ------
    RunRefusedError
        ``E_NO_ROI`` if none was proposed.
    """
    with platform.database.begin() as transaction:
        found = transaction.one("select_outline_picture", study_id=study_id)
    if found is None:
        raise RunRefusedError("E_NO_ROI", "no outline was proposed for this study")
    return platform.store.get(found["object_key"])
