"""The questions to people: open ones, the oldest first, answered ones, and one with its context."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from idh_tasks.db import outlines, reviews
from idh_tasks.db.engine import Transaction
from idh_tasks.db.outlines import UploadedOutline
from idh_tasks.db.reviews import Neighbours, Review
from idh_tasks.domain.review import ReviewKind
from idh_tasks.errors import ObjectVanishedError
from idh_tasks.linkage.questions import PICTURE, Page, page
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class WaitingQuestion:
    """A question with the text that reviewers see.

    `newer` is an outline that a person has uploaded since and that waits, if the question is about another one.
    `upload` says who uploaded the outline in question, if a person did.
    """

    review: Review
    text: Page
    newer: UploadedOutline | None
    upload: UploadedOutline | None


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
        shown = _with_newer(transaction, found)
    return QuestionInContext(**vars(shown[0]), beside=beside) if shown and beside else None


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
        return listing(number, lambda size, start: _with_newer(transaction, read(transaction, size, start)))


def _with_newer(transaction: Transaction, listed: Sequence[Review]) -> list[WaitingQuestion]:
    studies = [review.subject for review in listed if review.kind is ReviewKind.AUTOMATIC_ROI]
    newest: dict[str, UploadedOutline] = {one.study_id: one for one in outlines.waiting(transaction, studies)}
    uploads = {(str(one.study_id), one.sha256): one for one in outlines.uploads(transaction, studies)}
    return [
        WaitingQuestion(review, _text(review), _newer(review, newest), _upload(review, uploads)) for review in listed
    ]


def _newer(review: Review, newest: Mapping[str, UploadedOutline]) -> UploadedOutline | None:
    found = newest.get(review.subject) if review.kind is ReviewKind.AUTOMATIC_ROI else None
    return found if found and found.sha256 != review.evidence else None


def _upload(review: Review, uploads: Mapping[tuple[str, str], UploadedOutline]) -> UploadedOutline | None:
    about_outline = review.kind is ReviewKind.AUTOMATIC_ROI
    return uploads.get((review.subject, review.evidence)) if about_outline else None


def _text(review: Review) -> Page:
    return page(review.kind, review.subject, review.evidence, review.detail, review.options)
