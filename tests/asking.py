"""Asks about outlines as preprocessing does, and answers."""

from idh_tasks.db import reviews
from idh_tasks.db.reviews import ProposedOutline
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions


def asked_about(platform: Platform, study_id: StudyId, sha256: str) -> str:
    """Ask about a submitted outline, as preprocessing does; return the token of the question."""
    with platform.database.begin() as transaction:
        reviews.request_outline_review(transaction, ProposedOutline(study_id, sha256, 12.0, "key", "none"))
    [asked] = questions.claim_reviews(platform)
    return asked["shown"]


def accepted(platform: Platform, shown: str) -> str:
    """Accept the outline of a question, and return the id of the question."""
    answers.record_answer(platform, shown, "accept", "tom")
    return questions.review_id_of(shown)


def asked_again(platform: Platform) -> list[str]:
    """Return the ids of the questions that are due."""
    return [questions.review_id_of(asked["shown"]) for asked in questions.claim_reviews(platform)]
