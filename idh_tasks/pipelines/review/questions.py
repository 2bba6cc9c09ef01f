"""Questions that only a person can decide, as they are put to reviewers."""

import logging
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import reviews
from idh_tasks.db.reviews import Review
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
        found = transaction.one("reviews/select_outline_picture", study_id=study_id)
    if found is None:
        raise RunRefusedError(Code.E_NO_ROI, "no outline was proposed for this study")
    return platform.store.get(found["object_key"])
