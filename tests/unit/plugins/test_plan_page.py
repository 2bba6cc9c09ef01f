"""The page *Plan* says what making studies again costs before a person decides, in a real browser, narrow and dark."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from idh_tasks.pipelines.pages.plan import Outdated, Plan, PlanEvent, Progress
from tests.browser import rendered, show

NOW = datetime(2026, 11, 27, tzinfo=UTC)
NARROW = {"width": 800, "height": 900}
CODE, SETTINGS = "a" * 12, "b" * 12
PRESENT, OTHER_CODE, OTHER_SETTINGS = f"{CODE}-{SETTINGS}", f"{'c' * 12}-{SETTINGS}", f"{CODE}-{'d' * 12}"
IDLE = Progress(0, 0, 0, 0, 0, 0, 0, 30.0)
GOING = Progress(waiting=240, waiting_labelled=0, begun=2, new=3, given_up=1, failed=0, prepared_today=40, seconds=30.0)
STARTED = PlanEvent(NOW, "olga", "plan started", PRESENT, 1200, only_labelled=False)
OUTDATED = [
    Outdated(OTHER_CODE, 2026, 700, 100),
    Outdated(OTHER_SETTINGS, 2025, 300, 200),
    Outdated(OTHER_CODE, None, 200, 0),
]


def plan(progress: Progress = IDLE, latest: PlanEvent | None = None, outdated: list[Outdated] = OUTDATED) -> Plan:
    return Plan(PRESENT, outdated, progress, latest, 16)


def html(shown: Plan, operates: bool = True) -> str:
    return rendered("plan.html.j2", plan=shown, may=lambda right: operates and right == "OPERATE")


def test_counts_and_cost_come_before_the_button(page: Page) -> None:
    show(page, html(plan()))
    expect(page.locator("#outdated")).to_contain_text("1200 studies, 300 of them labelled.")
    by_version, by_year = page.locator("#outdated table").all()
    expect(by_version.locator("td")).to_have_text(["code", "900", "100", "settings", "300", "200"])
    expect(by_year.locator("th[scope=row]")).to_have_text(["2026", "2025", "no date"])
    expect(page.locator("#cost td")).to_have_text(["1200", "10.0 h", "38 min", "300", "2.5 h", "9 min"])
    page.get_by_text("Make all again").click()
    expect(page.get_by_role("button", name="Make 1200 studies again")).to_be_visible()
    page.get_by_text("Make the labelled ones again").click()
    expect(page.get_by_role("button", name="Make 300 studies again")).to_be_visible()


def test_a_cost_that_was_not_measured_is_not_stated(page: Page) -> None:
    show(page, html(plan(replace(IDLE, seconds=None))))
    expect(page.locator("#cost")).to_contain_text("Not measured yet")
    expect(page.locator("#cost table")).to_have_count(0)


def test_progress_says_who_started_it_and_what_is_left(page: Page) -> None:
    show(page, html(plan(GOING, STARTED)))
    expect(page.locator("#progress")).to_contain_text("olga started it on 2026-11-27 00:00: 1200 studies.")
    expect(page.locator("#progress td")).to_have_text(["240", "2", "40", "1", "3", "2.0 h of one task, 8 min of 16"])
    expect(page.locator("#progress td a")).to_have_attribute("href", "/idh/held/#given-up")
    page.get_by_text("Stop …").click()
    expect(page.get_by_role("button", name="Stop making studies again")).to_be_visible()
    page.get_by_text("Make all again").click()
    expect(page.get_by_role("button", name="Make 960 studies again")).to_be_visible()


def test_a_plan_for_an_earlier_version_is_called_so(page: Page) -> None:
    show(page, html(plan(IDLE, replace(STARTED, version=OTHER_CODE, only_labelled=True))))
    expect(page.locator("#progress")).to_contain_text("1200 studies, labelled ones only, for an earlier version.")


def test_who_may_only_read_is_offered_nothing(page: Page) -> None:
    show(page, html(plan(GOING, STARTED), operates=False))
    expect(page.locator("form")).to_have_count(0)
    expect(page.get_by_text("An operator decides")).to_be_visible()


def test_what_is_begun_is_neither_stopped_nor_started_again() -> None:
    begun = replace(GOING, waiting=1200, waiting_labelled=300, begun=1200)
    assert "<form" not in html(plan(begun, STARTED))


def test_what_failed_with_the_present_version_can_be_tried_again(page: Page) -> None:
    show(page, html(plan(replace(IDLE, failed=2), outdated=[])))
    expect(page.locator("#failed")).to_contain_text("2 studies lack patches because of an unforeseen error")
    page.get_by_text("Try them again").click()
    expect(page.get_by_role("button", name="Try 2 studies again")).to_be_visible()


def test_where_nothing_is_of_an_earlier_version_nothing_is_offered(page: Page) -> None:
    show(page, html(plan(outdated=[])))
    expect(page.get_by_text("No study has patches of an earlier version.")).to_be_visible()
    expect(page.locator("form")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_a_narrow_window(page: Page, theme: str) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # it is one
    show(page, html(plan(GOING, STARTED)))
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
