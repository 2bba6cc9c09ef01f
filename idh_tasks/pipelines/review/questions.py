"""Questions that only a person can decide, as reviewers see them."""

import logging
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import reviews
from idh_tasks.db.reviews import Review
from idh_tasks.domain.review import LEAVE_OPEN
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.questions import body, title
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

ASK_AGAIN_AFTER_DAYS = 7
MOST_AT_ONCE = 50


class Question(TypedDict):
    """One question as a reviewer sees it; it contains only ids of the platform."""

    review_id: str
    subject: str
    body: str
    options: list[str]


def reviews_due(platform: Platform) -> bool:
    """Return whether there are open reviews that no reviewer is being asked at present."""
    with platform.database.begin() as transaction:
        return reviews.count_due(transaction, ASK_AGAIN_AFTER_DAYS) > 0


def claim_reviews(platform: Platform) -> list[Question]:
    """Take the open reviews that are due, so that each is requested once."""
    with platform.database.begin() as transaction:
        claimed = reviews.claim_reviews(transaction, ASK_AGAIN_AFTER_DAYS, MOST_AT_ONCE)
    log.info("%d reviews requested", len(claimed))
    return [_question(review) for review in claimed]


def _question(review: Review) -> Question:
    return Question(
        review_id=review.review_id,
        subject=title(review.kind, review.subject),
        body=body(review.kind, review.subject, review.detail),
        options=[*review.options, LEAVE_OPEN],
    )


def list_reviews(platform: Platform, review_id: str | None = None, *, everything: bool = False) -> list[Review]:
    """Return the open reviews, or also closed ones, or the one with this id whether it is open or not."""
    with platform.database.begin() as transaction:
        return reviews.list_reviews(transaction, review_id, everything=everything or review_id is not None)


def outline_picture(platform: Platform, study_id: str) -> bytes:
    """Return the picture (PNG) of the outline that was proposed last for a study.

    Raises
    ------
    RunRefusedError
        ``E_NO_ROI`` if none was proposed.
    """
    with platform.database.begin() as transaction:
        object_key = reviews.outline_picture(transaction, study_id)
    if object_key is None:
        raise RunRefusedError(Code.E_NO_ROI, "no outline was proposed for this study")
    return platform.store.get(object_key)
