"""The page of a question about two patients names both, shows their picture, and offers the two answers."""

from datetime import UTC, datetime

import pytest
from idh_airflow.ui.rendering import render
from starlette.requests import Request

from idh_tasks.db.reviews import Neighbours, Review
from idh_tasks.domain.review import DIFFERENT_PATIENTS, LEAVE_OPEN, SAME_PATIENT, ReviewKind
from idh_tasks.domain.study import StudyId
from idh_tasks.linkage.questions import PICTURE
from idh_tasks.pipelines.pages.waiting import QuestionInContext
from idh_tasks.pipelines.review.questions import page_of

FIRST, SECOND = "0" * 24, "f" * 24
REVIEW = Review(
    "q" * 32, ReviewKind.SAME_IMAGE, f"{FIRST} {SECOND}", "e", FIRST,
    {
        "patients": [{"study": "s1", "patient": FIRST}, {"study": "s2", "patient": SECOND}],
        "same image in": [{"sequence": "rCBV", "correlation": "0.97"}],
        PICTURE: "key",
    },
    (DIFFERENT_PATIENTS, SAME_PATIENT), opened_at=datetime(2026, 11, 27, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture
def page() -> str:
    beside = Neighbours(None, None, (StudyId("s1"), StudyId("s2")))
    found = QuestionInContext(REVIEW, page_of(REVIEW), None, None, beside)
    request = Request({"type": "http", "query_string": b"", "root_path": "/idh", "headers": []})
    content = render(request, "question.html.j2", found=found, asked=True, done="", texts=None)
    return bytes(content.body).decode()


def test_both_patients_and_their_studies_are_named(page: str) -> None:
    assert all(f'data-copy="{one}"' in page for one in (FIRST, SECOND))
    assert "Studies of both" in page
    assert all(f"/idh/studies/{study}" in page for study in ("s1", "s2"))
    assert "sequence: rCBV, correlation: 0.97" in page


def test_the_picture_says_what_it_shows(page: str) -> None:
    assert f"/idh/review/{REVIEW.review_id}/picture.png" in page
    assert "The patches of both in the sequence in which they are most alike" in page


def test_the_question_says_what_follows_from_each_answer() -> None:
    shown = page_of(REVIEW)
    assert shown.title.endswith("(00000000 and ffffffff)")
    assert shown.options == (DIFFERENT_PATIENTS, SAME_PATIENT, LEAVE_OPEN)
    assert "No network is trained if you choose" in shown.body
    assert all(f"`{option}`" in shown.explanation for option in (DIFFERENT_PATIENTS, SAME_PATIENT))
