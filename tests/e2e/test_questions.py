"""Every question of docs/operate.md is answered from the pages, in at most three clicks from *Tonight*."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from idh_tasks.settings import ROOT
from tests.e2e.night import Night
from tests.e2e.people import LOADED_MS, logged_in

MOST_CLICKS = 3


@dataclass(frozen=True)
class Way:
    """What is clicked one after the other from *Tonight*, and where which text is the answer."""

    clicks: tuple[str, ...]
    place: str
    answer: str


def menu(page: str) -> str:
    return f"nav a:text-is('{page}')"


STUDY = (menu("Studies"), "tbody th a >> nth=0")
IN_STUDY = ".timeline li:has(h3:text-is('{}'))"
WAYS = {
    "Did the night go well?": Way((), ".stages li:has-text('Ingest')", "success"),
    "Does the balance add up?": Way((), "section:has(h2:has-text('Sources of images')) tbody", "pacs"),
    "Does a connection work?": Way((menu("Sources and settings"),), "tr:has-text('idh_store') .outcome", "ok"),
    "Something failed in the middle": Way((".stages li:has-text('Preprocess') a",), "button[aria-label^='Clear']", ""),
    "The laboratory's feed is red": Way((), "section:has(h2:text-is('Pathology feed')) tbody", r"\d+"),
    "What was given up?": Way((menu("Held"),), "main", "Given up|What was refused"),
    "The code or the settings have changed": Way(
        (menu("Plan"),), "main", "Patches of an earlier version|No study has patches"
    ),
    "What was held, and why?": Way((menu("Held"),), "main", "Why, and what to do|Nothing is held"),
    "Why is a series not used?": Way(STUDY, IN_STUDY.format("Series"), "confidence"),
    "Who is in the cohort, who is not, and why?": Way((menu("Cohort"),), "main", "Left out"),
    "What is waiting for a person?": Way((menu("Review"),), "main", "Answer in|No question waits"),
    "Two patients have the same image": Way((menu("Review"),), "main", "Answer in|No question waits"),
    "The same series is asked about in every study": Way(
        (menu("Review"), "main a:text-is('Local rules')"), "main", "Names it|There is no local rule yet"
    ),
    "A report was amended: what used the old label?": Way(
        (*STUDY, "text=History of the label"), "section:has-text('Trainings') tbody", "mutant|wildtype"
    ),
    "Do the patches look right?": Way((menu("Studies"), "text=Quality sheets"), "img >> nth=0", ""),
    "Why does a study have no patch of a sequence?": Way(STUDY, IN_STUDY.format("Patches"), "slice"),
    "Why was nothing trained?": Way((), "section:has(h2:text-is('Training'))", "promoted|kept back|Not trained"),
    "How far is the training?": Way(
        (menu("Models"),), "section:has(h2:text-is('Running training'))", "is being trained"
    ),
    "May the new networks become champions?": Way((menu("Models"),), ".verdict >> nth=0", "Accepted|Refused"),
    "Which model made this prediction?": Way(STUDY, ".results .tile >> nth=0", r"Model [0-9a-f]{8}"),
    "Who did what?": Way((menu("Audit"),), "tbody tr >> nth=0", "UTC|20"),
}
BY_DAY = {"The cause is fixed: try again": "wednesday", "A new champion is bad": "thursday"}
"""Test_week clicks these."""
NOT_ON_PAGES = {
    "Run a stage without Airflow",
    "A patient withdraws",
}


def test_every_question_of_the_runbook_is_tried() -> None:
    runbook = (ROOT / "docs" / "operate.md").read_text()
    asked = runbook[runbook.index("\n## The night") : runbook.index("\n## Back-up and upgrade")]
    assert set(re.findall(r"^### (.+)$", asked, re.M)) == WAYS.keys() | BY_DAY.keys() | NOT_ON_PAGES
    assert max(len(way.clicks) for way in WAYS.values()) <= MOST_CLICKS


@pytest.fixture(scope="module")
def page(browser: Browser, night: Night) -> Iterator[Page]:
    """Log in once for all questions."""
    with logged_in(browser, night, "admin") as page:
        yield page


@pytest.mark.parametrize("question", WAYS)
def test_a_question_is_answered_in_three_clicks(page: Page, question: str) -> None:
    way = WAYS[question]
    page.goto("/idh/")
    for click in way.clicks:
        page.click(click)
    expect(page.locator(way.place).filter(has_text=re.compile(way.answer)).first).to_be_visible(timeout=LOADED_MS)
