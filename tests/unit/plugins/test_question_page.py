"""The page of a question about two patients names both, shows their picture, and offers the two answers."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from idh_tasks.db.reviews import Neighbours, Review
from idh_tasks.domain.review import DIFFERENT_PATIENTS, LEAVE_OPEN, SAME_PATIENT, ReviewKind
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.linkage.questions import PICTURE
from idh_tasks.pipelines.pages.waiting import QuestionInContext
from idh_tasks.pipelines.review.questions import page_of
from idh_tasks.pipelines.review.series_rules import RuleOffer
from tests.browser import rendered, show

OPENED = datetime(2026, 11, 27, tzinfo=UTC)
FIRST, SECOND = "0" * 24, "f" * 24
REVIEW = Review(
    "q" * 32, ReviewKind.SAME_IMAGE, f"{FIRST} {SECOND}", "e", FIRST,
    {
        "patients": [{"study": "s1", "patient": FIRST}, {"study": "s2", "patient": SECOND}],
        "same image in": [{"sequence": "rCBV", "correlation": "0.97"}],
        PICTURE: "key",
    },
    (DIFFERENT_PATIENTS, SAME_PATIENT), opened_at=OPENED,
)  # fmt: skip


def html(review: Review, *studies: str, rule: RuleOffer | None = None) -> str:
    """Return the page of a question about studies."""
    found = QuestionInContext(review, page_of(review), None, None, Neighbours(None, None, tuple(map(StudyId, studies))))
    return rendered("question.html.j2", found=found, asked=True, done="", texts=None, rule=rule, may=lambda _: True)


@pytest.fixture
def question() -> str:
    return html(REVIEW, "s1", "s2")


def test_both_patients_and_their_studies_are_named(question: str) -> None:
    assert all(f'data-copy="{one}"' in question for one in (FIRST, SECOND))
    assert "Studies of both" in question
    assert all(f"/idh/studies/{study}" in question for study in ("s1", "s2"))
    assert "sequence: rCBV, correlation: 0.97" in question


def test_the_picture_says_what_it_shows(question: str) -> None:
    assert f"/idh/review/{REVIEW.review_id}/picture.png" in question
    assert "The patches of both in the sequence in which they are most alike" in question


def test_the_question_says_what_follows_from_each_answer() -> None:
    shown = page_of(REVIEW)
    assert shown.title.endswith("(00000000 and ffffffff)")
    assert shown.options == (DIFFERENT_PATIENTS, SAME_PATIENT, LEAVE_OPEN)
    assert "No network is trained if you choose" in shown.body
    assert all(f"`{option}`" in shown.explanation for option in (DIFFERENT_PATIENTS, SAME_PATIENT))


def series_question() -> Review:
    return Review(
        "q" * 32, ReviewKind.SERIES_NAME, "s" * 24, "e", FIRST, {PICTURE: "key"}, tuple(MrSequence), opened_at=OPENED
    )


def test_each_answer_is_chosen_by_the_key_before_it(page: Page) -> None:
    show(page, html(series_question(), "s1"))
    options = page.get_by_role("radio").all()
    keys = page.locator("fieldset kbd").all_inner_texts()
    assert len(options) == len(keys) == len(set(keys)) > 10
    assert not {"n", "p"} & set(keys)
    for key, option in zip(keys, options, strict=True):
        page.keyboard.press(key)
        expect(option).to_be_checked()


def test_more_studies_than_are_listed_are_mentioned() -> None:
    ten, eleven = (html(series_question(), *(f"s{number}" for number in range(count))) for count in (10, 11))
    assert "and others" not in ten
    assert "and others" in eleven
    assert "/idh/studies/s10" not in eleven


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (RuleOffer(None, None), "Use this answer as a rule"),
        (RuleOffer(None, "the physics of the series excludes FLAIR"), "cannot become a local rule: the physics"),
        (RuleOffer(3, "local rule 3 says the same"), "local rule 3</a>, which ends if the answer is taken back"),
    ],
)
def test_an_answer_says_whether_it_can_become_a_rule(rule: RuleOffer, words: str) -> None:
    given = replace(series_question(), answer="T1", answered_by="mary", answered_at=OPENED)
    shown = html(given, "s1", rule=rule)
    assert words in shown
    assert ("<button>Use this answer as a rule" in shown) == (rule == RuleOffer(None, None))
