"""The page of a local rule says what it would do before a person decides, in a real browser, narrow and dark."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from idh_tasks.db.series_rules import RuleOnRecord, SeriesOfProtocol, StatedState
from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.series_rule import Effect, RuleState
from idh_tasks.pipelines.review.series_rules import AffectedSeries, Preview
from tests.browser import rendered, show

NOW = datetime(2026, 11, 27, tzinfo=UTC)
NARROW = {"width": 800, "height": 900}


def rule(state: RuleState) -> RuleOnRecord:
    doubt = "T1; T1 weighting; name says T2"
    timing = (600.0, 10.0, 0.0)
    return RuleOnRecord(
        3, "p" * 24, doubt, MrSequence.T1, *timing, "mary", state, 1, "SIEMENS", NOW, "mary", NOW, None, "q" * 32, 2
    )


def affected(effect: Effect) -> AffectedSeries:
    evidence = "TE 10 ms, TR 600 ms → T1; T1 weighting; name says T2"
    series = SeriesOfProtocol(
        "a" * 24, "b" * 24, MrSequence.T1, Confidence.LOW, evidence, Contrast.UNSTATED, None, None, None
    )
    return AffectedSeries(series, effect)


def html(state: RuleState, *effects: Effect, operates: bool = True) -> str:
    states = [StatedState(1, state, "mary", NOW, None)]
    found = Preview(rule(state), states, [affected(effect) for effect in effects])
    may = {"OPERATE": operates}
    return rendered(
        "rule.html.j2", found=found, rule=found.rule, most_shown=200, may=lambda right: may.get(right, False)
    )


def test_the_counts_come_before_the_button(page: Page) -> None:
    show(page, html(RuleState.PROPOSED, Effect.NAMED, Effect.NAMED, Effect.DISAGREES))
    expect(page.locator("section").first).to_contain_text("2 would be named, 1 sure, and disagrees, in 1 study.")
    expect(page.get_by_role("link", name="aaaaaaaa").first).to_have_attribute("href", f"/idh/studies/{'a' * 24}")
    expect(page.get_by_role("button", name="Activate for new series")).to_be_visible()


@pytest.mark.parametrize(
    ("state", "effect", "button"),
    [
        (RuleState.ACTIVE, Effect.NAMED, "Name past series"),
        (RuleState.RETIRED, Effect.IN_FORCE, "Take the names back"),
    ],
)
def test_past_series_are_a_decision_of_their_own(page: Page, state: RuleState, effect: Effect, button: str) -> None:
    show(page, html(state, effect))
    expect(page.get_by_role("button", name=button)).to_be_visible()
    expect(page.get_by_role("button", name="Activate")).to_have_count(0)


@pytest.mark.parametrize("state", RuleState)
def test_where_nothing_of_the_past_is_to_be_decided_nothing_is_offered(state: RuleState) -> None:
    for effects in ((), (Effect.AGREES,)):
        assert "/past" not in html(state, *effects)


def test_who_may_only_read_is_offered_nothing(page: Page) -> None:
    show(page, html(RuleState.PROPOSED, Effect.NAMED, operates=False))
    expect(page.locator("form")).to_have_count(0)
    expect(page.get_by_text("Waits for an operator")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_fits_a_narrow_window(page: Page, theme: str) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # it is one
    show(page, html(RuleState.ACTIVE, *Effect))
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    listed = rendered("rules.html.j2", rules=[rule(state) for state in RuleState])
    page.unroute_all()
    show(page, listed)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
