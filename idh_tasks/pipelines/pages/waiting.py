"""The open questions, the oldest first."""

from dataclasses import dataclass

from idh_tasks.db import reviews
from idh_tasks.db.reviews import Review
from idh_tasks.linkage.questions import Page, page
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class WaitingQuestion:
    """A question with the text that reviewers see."""

    review: Review
    text: Page


def waiting(platform: Platform, number: int) -> Listing[WaitingQuestion]:
    """Return one page of the open questions."""
    with platform.database.begin() as transaction:

        def read(size: int, start: int) -> list[WaitingQuestion]:
            return [_shown(r) for r in reviews.open_reviews(transaction, size, start)]

        return listing(number, read)


def _shown(review: Review) -> WaitingQuestion:
    return WaitingQuestion(review, page(review.kind, review.subject, review.evidence, review.detail, review.options))
