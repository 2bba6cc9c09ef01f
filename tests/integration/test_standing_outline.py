"""What a person sees and downloads is the latest outline that was neither rejected nor withdrawn."""

from idh_tasks.db import outlines, reviews
from idh_tasks.db.outlines import StoredObject
from idh_tasks.db.reviews import ProposedOutline
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.review import answers, questions
from idh_tasks.pipelines.review.reopening import reopen
from tests.integration.test_link import SURGERY, add_study

FIRST, SECOND = "a" * 64, "b" * 64


def asked(platform: Platform, study_id: str, sha256: str, picture: str) -> str:
    """Ask about an outline that has this picture; return the token of the question."""
    with platform.database.begin() as transaction:
        reviews.request_outline_review(transaction, ProposedOutline(StudyId(study_id), sha256, 12.0, picture, "none"))
    [question] = questions.claim_reviews(platform)
    return question["shown"]


def seen(platform: Platform, study_id: str) -> tuple[str | None, str | None]:
    """Return the picture that a person sees, and the hash of the outline that is downloaded."""
    with platform.database.begin() as transaction:
        picture = reviews.outline_picture(transaction, study_id)
        return picture, outlines.download_outline(transaction, study_id, "mary")


def test_a_rejected_outline_gives_way_to_the_one_from_before_until_the_answer_is_taken_back(platform: Platform) -> None:
    study_id = add_study(platform, "s", SURGERY)
    assert seen(platform, study_id) == (None, None)
    answers.record_answer(platform, asked(platform, study_id, FIRST, "first"), "accept", "tom")
    second = asked(platform, study_id, SECOND, "second")
    assert seen(platform, study_id) == ("second", SECOND)
    answers.record_answer(platform, second, "reject", "tom")
    assert seen(platform, study_id) == ("first", FIRST)
    reopen(platform, questions.review_id_of(second), "tom", "it fits after all")
    assert seen(platform, study_id) == ("second", SECOND)


def test_a_withdrawn_outline_gives_way_to_the_one_from_before(platform: Platform) -> None:
    study_id = add_study(platform, "s", SURGERY)
    answers.record_answer(platform, asked(platform, study_id, FIRST, "first"), "accept", "tom")
    with platform.database.begin() as transaction:
        assert outlines.submit(transaction, study_id, StoredObject("key", SECOND), "mary")
    asked(platform, study_id, SECOND, "second")
    assert seen(platform, study_id) == ("second", SECOND)
    with platform.database.begin() as transaction:
        assert outlines.withdraw(transaction, study_id, SECOND, "the wrong study", "mary")
    assert seen(platform, study_id) == ("first", FIRST)
