"""Questions that only a person can decide, as reviewers see them."""

import logging
from collections.abc import Sequence
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db import audit, reviews
from idh_tasks.db.reviews import Review
from idh_tasks.domain.review import LEAVE_OPEN
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.questions import Page, page
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

ASK_AGAIN_AFTER_DAYS = 7
MOST_AT_ONCE = 50


class Question(TypedDict):
    """One question as a reviewer sees it; it contains only ids of the platform.

    `shown` stands for exactly this question with this text (see `token`).
    """

    shown: str
    subject: str
    body: str
    options: list[str]


def page_of(review: Review) -> Page:
    """Return a question as a reviewer sees it now."""
    return page(review.kind, review.subject, review.evidence, review.detail, review.options)


def token(review: Review) -> str:
    """Return the id of a question with the digest of what is shown; an answer must come with it.

    An answer that was taken back does not count again, even if Airflow hands it over a second time.
    """
    opened = "" if review.reopened_at is None else f":{review.reopened_at.timestamp():.6f}"
    return f"{review.review_id}:{page_of(review).digest}{opened}"


def review_id_of(shown: str) -> str:
    """Return the id of the question that a token stands for."""
    return shown.partition(":")[0]


def reviews_due(platform: Platform) -> int:
    """Return the number of open reviews that no reviewer is being asked at present."""
    with platform.database.begin() as transaction:
        return reviews.count_due(transaction, ASK_AGAIN_AFTER_DAYS)


def claim_reviews(platform: Platform) -> list[Question]:
    """Take the open reviews that are due, so that each is requested once."""
    with platform.database.begin() as transaction:
        claimed = reviews.claim_reviews(transaction, ASK_AGAIN_AFTER_DAYS, MOST_AT_ONCE)
    log.info("%d reviews requested", len(claimed))
    return [_question(review) for review in claimed]


def questions_again(platform: Platform, tokens: Sequence[str]) -> list[Question]:
    """Return questions that were claimed before, in the same order and as they are now."""
    with platform.database.begin() as transaction:
        found = [reviews.list_reviews(transaction, review_id_of(token), everything=True) for token in tokens]
    return [_question(review[0]) if review else _gone(token) for review, token in zip(found, tokens, strict=True)]


def _gone(token: str) -> Question:
    """Hold the place of a question whose patient was erased; it is not open and so is not asked."""
    return Question(shown=token, subject="Erased", body="", options=[LEAVE_OPEN])


def answer_of(platform: Platform, shown: str) -> str | None:
    """Return the answer that a question has, or None while it has none."""
    with platform.database.begin() as transaction:
        found = reviews.list_reviews(transaction, review_id_of(shown), everything=True)
    return found[0].answer if found else None


def is_open(platform: Platform, shown: str) -> bool:
    """Return whether a question still waits for an answer; if it no longer arises, it is asked when it does again."""
    with platform.database.begin() as transaction:
        waits = bool(reviews.list_reviews(transaction, review_id_of(shown)))
        if not waits:
            reviews.release(transaction, review_id_of(shown))
    return waits


def _question(review: Review) -> Question:
    shown = page_of(review)
    return Question(shown=token(review), subject=shown.title, body=shown.body, options=list(shown.options))


def ask_again(platform: Platform, *tokens: str) -> None:
    """Let the next run of `review_cases` ask these questions again, unless they have been answered."""
    with platform.database.begin() as transaction:
        for review_id in map(review_id_of, tokens):
            reviews.release(transaction, review_id)
            audit.record(transaction, "review", "to be asked again", review_id)


def refuse_other_text(platform: Platform, *tokens: str) -> None:
    """Let the questions be asked again, because Airflow shows a text from before its task was cleared.

    Raises
    ------
    RunRefusedError
        ``E_NOT_SHOWN``, always.
    """
    ask_again(platform, *tokens)
    raise RunRefusedError(
        Code.E_NOT_SHOWN, "Airflow keeps the text of the task's first attempt; the question is asked again by a new run"
    )


def list_reviews(platform: Platform, review_id: str | None = None, *, everything: bool = False) -> list[Review]:
    """Return the open reviews, or also closed ones, or the one with this id whether it is open or not."""
    with platform.database.begin() as transaction:
        return reviews.list_reviews(transaction, review_id, everything=everything or review_id is not None)
