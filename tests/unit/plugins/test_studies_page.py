"""The list of studies and their quality sheets in a real browser."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.pages.listing import Listing
from idh_tasks.pipelines.pages.studies import ListedStudy, State, Studies, StudyFilter
from tests.browser import rendered, show

NOW = datetime(2026, 11, 26, 1, 7, tzinfo=UTC)
PAGES = ["studies.html.j2", "sheets.html.j2"]
GRAVE = {"serious", "critical"}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 800, "height": 900}) as context:
        yield context.new_page()


def html(template: str, present: bool = True, count: int = 3) -> str:
    """Return a page with studies that have much to show."""
    rows = [
        ListedStudy(
            StudyId(f"{number:024x}"), date(1990, 1, 2), "A VENDOR WITH A LONG NAME", NOW, State.PREDICTED,
            "indeterminate", list(MODEL_SEQUENCES[1:]), ["E_COVERAGE", "E_GEOMETRY_GAP", "W_MISSING_SEQUENCE"],
            ["W_DWI_MOTION", "W_RCBV_REFERENCE"], 5, True,
        )
        for number in range(count)
    ]  # fmt: skip
    found = Studies(Listing(rows, 2, True), ["SIEMENS"], present)
    return rendered(template, found=found, chosen=StudyFilter(), sequences=MODEL_SEQUENCES, states=list(State))


@pytest.mark.parametrize("template", PAGES)
def test_nothing_is_cut_or_broken_at_800_pixels(page: Page, template: str) -> None:
    show(page, html(template))
    assert page.evaluate("document.documentElement.scrollWidth") == 800
    times = page.locator("time")
    assert times.count() == 3
    assert max(one.evaluate("(time) => time.getClientRects().length") for one in times.all()) == 1
    cut = "[...document.querySelectorAll('button')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    wide = "[...document.querySelectorAll('.box')].filter((one) => one.scrollWidth > one.clientWidth).length"
    assert page.evaluate(wide) == 0


@pytest.mark.parametrize("template", PAGES)
def test_a_code_is_explained_in_place(page: Page, template: str) -> None:
    show(page, html(template))
    page.get_by_role("button", name="E_COVERAGE").first.press("Enter")
    expect(page.locator(".means")).to_have_text("The image covers too little of the tumour outline.")


@pytest.mark.parametrize("template", PAGES)
def test_a_page_says_that_it_shows_an_earlier_version(page: Page, template: str) -> None:
    show(page, html(template, present=False))
    assert page.get_by_text("those of the earlier version, as on the page Cohort").is_visible()
    show(page, html(template, count=0))
    assert not page.get_by_text("earlier version").is_visible()


@pytest.mark.parametrize("template", PAGES)
def test_axe_finds_nothing_serious_and_ids_and_landmarks_are_unique(page: Page, template: str) -> None:
    show(page, html(template))
    found = Axe().run(page).response["violations"]
    own = {"landmark-unique", "region", "duplicate-id-aria"}
    assert [(rule["id"], rule["nodes"]) for rule in found if rule["impact"] in GRAVE or rule["id"] in own] == []
