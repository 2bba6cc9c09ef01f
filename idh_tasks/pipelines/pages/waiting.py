"""The questions to people: open ones, the oldest first, answered ones, and one with its context."""

from collections.abc import Callable
from dataclasses import dataclass

from idh_tasks.db import reviews
from idh_tasks.db.engine import Transaction
from idh_tasks.db.reviews import Neighbours, Review
from idh_tasks.errors import ObjectVanishedError
from idh_tasks.linkage.questions import PICTURE, Page, page
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class WaitingQuestion:
    """A question with the text that reviewers see."""

    review: Review
    text: Page


@dataclass(frozen=True)
class QuestionInContext(WaitingQuestion):
    """A question with its place in the queue and the studies that it concerns."""

    beside: Neighbours


def waiting(platform: Platform, number: int) -> Listing[WaitingQuestion]:
    """Return one page of the open questions."""
    return _listed(platform, number, reviews.open_reviews)


def answered(platform: Platform, number: int) -> Listing[WaitingQuestion]:
    """Return one page of the answered questions, the latest answer first."""
    return _listed(platform, number, reviews.answered_reviews)


def question(platform: Platform, review_id: str) -> QuestionInContext | None:
    """Return one question, or None if there is none with this id."""
    with platform.database.begin() as transaction:
        found = reviews.list_reviews(transaction, review_id, everything=True)
        beside = reviews.neighbours(transaction, review_id)
    return QuestionInContext(found[0], _text(found[0]), beside) if found and beside else None


def picture(platform: Platform, review_id: str) -> bytes | None:
    """Return the picture (PNG) of a question, or None if it has none."""
    with platform.database.begin() as transaction:
        found = reviews.list_reviews(transaction, review_id, everything=True)
    key = found[0].detail.get(PICTURE) if found else None
    try:
        return platform.store.get(str(key)) if key else None
    except ObjectVanishedError:
        return None


def _listed(
    platform: Platform, number: int, read: Callable[[Transaction, int, int], list[Review]]
) -> Listing[WaitingQuestion]:
    with platform.database.begin() as transaction:
        return listing(
            number, lambda size, start: [WaitingQuestion(r, _text(r)) for r in read(transaction, size, start)]
        )


def _text(review: Review) -> Page:
    return page(review.kind, review.subject, review.evidence, review.detail, review.options)
