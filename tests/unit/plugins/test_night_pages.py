"""What the morning page, its card and the page of held items say in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from idh_airflow.ui.faults import Fault
from idh_airflow.ui.rendering import ENVIRONMENT
from idh_airflow.ui.runs import STAGES, FailedTask, StageRun

from idh_tasks.codes import Code, catalogue
from idh_tasks.db.feed import FeedSource
from idh_tasks.db.selection import ExclusionCount
from idh_tasks.db.training import RunState
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.pages.held import Held, HeldCount, HeldItem, OpenDelivery, TriedAgain
from idh_tasks.pipelines.pages.listing import Listing
from idh_tasks.pipelines.pages.progress import LatestRun
from idh_tasks.pipelines.pages.tonight import Due, FeedNight, SourceBalance, Tiles, Tonight, Training, Work, every_day

NOW = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
QUIET = Tonight(
    since=NOW - timedelta(days=1), tiles=Tiles(0, 0, 0, 0), work=Work(0, 0), due=Due(0, 0, 0, 0), balances=[],
    excluded=[], feed=[], readings=[], nights=every_day([], NOW.date()), training=None, run=None,
)  # fmt: skip
RUNS = [StageRun(name, dag, "scheduled__1", "success", NOW, NOW, paused=False) for dag, name in STAGES.items()]
AWAY = SourceBalance("pacs", 0, 0, 0, 0, 0, 0, NOW, Code.E_PACS, listed=False, reason="no association with the PACS")


def words(template: str, **values: Any) -> str:
    """Return the text of a page in one line."""
    page = ENVIRONMENT.get_template(template).render(base="/idh", query="", may=lambda _: True, **values)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def tonight_page(
    template: str = "tonight.html.j2", runs: list[StageRun] = RUNS, settings: Any = (), **parts: Any
) -> str:
    return words(template, morning=Tonight(**vars(QUIET) | parts), runs=runs, settings=list(settings))


def failed(fault: Fault | None) -> list[StageRun]:
    """Return the runs of a night of which ingest failed with one task."""
    tasks = (FailedTask("reconcile", "/dags/x", fault),)
    return [StageRun("Ingest", "ingest_studies", "r", "failed", NOW, NOW, paused=False, failures=tasks)]


def plain(code: Code) -> tuple[str, str]:
    """Return meaning and remedy of a code as a page writes them."""
    entry = catalogue()[code]
    return tuple(" ".join(text.replace("`", "").split()) for text in (entry.meaning, entry.remedy))  # type: ignore[return-value]


READING = FeedNight(source=FeedSource.FHIR, flag=Code.E_FHIR, reason="the server is away", occurred_at=NOW)
WAYS: Mapping[str, tuple[dict[str, Any], Code, str]] = {
    "a source that could not be listed": ({"balances": [AWAY]}, Code.E_PACS, "no association with the PACS"),
    "a suspicious night": (
        {"balances": [SourceBalance("pacs", 0, 0, 0, 0, 0, 0, NOW, Code.E_EMPTY_SUSPECT, listed=True, reason=None)]},
        Code.E_EMPTY_SUSPECT,
        "",
    ),
    "a feed that could not be read": ({"feed": [READING]}, Code.E_FHIR, "the server is away"),
    "a failed task": ({"runs": failed(Fault(Code.E_RECONCILE, "2 are open"))}, Code.E_RECONCILE, "2 are open"),
    "bad settings": ({"settings": ["IDH_EPOCS is unknown"]}, Code.E_SETTINGS, "IDH_EPOCS is unknown"),
}
"""Every way into the red band: what leads to it, its code, and what it says of itself."""


@pytest.mark.parametrize("way", WAYS)
def test_the_band_has_code_cause_and_remedy_in_plain_sentences(way: str) -> None:
    parts, code, reason = WAYS[way]
    shown = tonight_page(**parts)
    meaning, remedy = plain(code)
    assert f"{code} {meaning}" in shown
    assert f"What to do: {remedy}" in shown
    assert reason in shown


@pytest.mark.parametrize("way", WAYS)
def test_the_card_leads_to_what_to_do(way: str) -> None:
    parts, code, _ = WAYS[way]
    shown = tonight_page("card.html.j2", **parts)
    assert "What to do" in shown
    assert code in shown or "Settings are unknown" in shown


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (failed(None), "The task ended without a code"),
        ([StageRun("Ingest", "i", "r", "failed", NOW, NOW, paused=False)], "No task of it failed: the run was stopped"),
    ],
)
def test_a_failure_without_a_code_is_explained_all_the_same(runs: list[StageRun], said: str) -> None:
    shown = tonight_page(runs=runs)
    assert said in shown
    assert "What to do:" in shown


def test_a_quiet_morning_has_no_band_and_says_what_would_be_there() -> None:
    shown = tonight_page()
    assert "What to do" not in shown
    for said in (
        "No night has been recorded in the last 30 days",
        "No pathology results have been read yet",
        "No delivery was new in the last 30 nights",
        "Nothing has been trained yet",
    ):
        assert said in shown


def test_a_source_that_could_not_be_listed_has_no_counts_in_its_row() -> None:
    shown = tonight_page(balances=[AWAY])
    assert "pacs 2026-03-02 02:30 E_PACS could not be listed not known" in shown


def test_what_is_tolerated_is_in_the_row_of_its_source_and_in_no_band() -> None:
    few = "1 without an outcome (1 E_DECODE), 900 tried"
    row = SourceBalance("pacs", 900, 899, 0, 0, 1, 0, NOW, Code.W_TOLERATED, listed=True, reason=few)
    shown = tonight_page(balances=[row])
    assert f"pacs 2026-03-02 02:30 W_TOLERATED {few} 900 899" in shown
    assert "What to do" not in shown


def test_an_open_delivery_says_how_often_it_was_tried_and_when_it_is_tried_next() -> None:
    later = NOW + timedelta(days=4)
    once = OpenDelivery("once", "pacs", "failed", Code.E_PACS, "no association", 9, NOW, 1, later)
    often = replace(once, item_id="often", nights_tried=3)
    held = Held([], Listing([], 1, more=False), [], [once, often], 0, [], 0)
    shown = words("held.html.j2", held=held, code="", study="")
    assert "no association 1 next run 9" in shown
    assert "no association 3 from 2026-03-06 02:30 9" in shown


def test_stage_and_tile_count_the_same_window_which_is_stated() -> None:
    shown = tonight_page(tiles=Tiles(4, 0, 0, 3), work=Work(2, 1), due=Due(12, 9, 0, 0))
    assert "Counts “in 24 h” are since 2026-03-01 02:30 UTC" in shown
    for said in ("4 new studies in 24 h", "4 studies came in 24 h", "3 studies predicted in 24 h", "2 new reports"):
        assert said in shown
    assert "1 study prepared in 24 h · 12 due" in shown
    assert "latest run 2026-03-02 02:30 UTC" in shown


def test_what_is_of_an_earlier_version_and_what_was_given_up_is_named() -> None:
    shown = tonight_page(due=Due(0, 0, 1001, 1))
    assert "more than 1,000 studies have patches of an earlier version of code or settings, which stay in use" in shown
    assert "1 step was given up : every attempt failed." in shown
    assert "given up" not in tonight_page()


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (
            Due(12, 9, 0, 0),
            "12 studies are to be prepared , of which 9 again, because images or the outline have changed, or by the",
        ),
        (Due(12, 12, 0, 0), "12 studies are to be prepared , all again"),
        (Due(1, 1, 0, 0), "1 study is to be prepared , again"),
        (Due(1001, 400, 0, 0), "more than 1,000 studies are to be prepared , at least 400 of them again"),
        (Due(1001, 1001, 0, 0), "more than 1,000 studies are to be prepared , at least 1,000 of them again"),
        (Due(3, 0, 0, 0), "3 studies are to be prepared . The next run of"),
    ],
)
def test_what_is_due_is_said_in_words_above_the_reason_why_nothing_was_trained(due: Due, said: str) -> None:
    training = Training(NOW, "not trained", "5 labelled studies are to be prepared again")
    shown = tonight_page(due=due, training=training)
    assert shown.count(said) == 2
    assert "Not trained ( 2026-03-02 02:30 UTC): 5 labelled studies are to be prepared again." in shown


def test_the_chart_has_labelled_axes_and_its_numbers_as_text() -> None:
    nights = every_day([], NOW.date())
    nights[-2] = type(nights[-2])(date(2026, 3, 1), 7, 2, 1)
    shown = tonight_page(nights=nights)
    assert "New deliveries per night from 2026-02-01 to 2026-03-02: 7 in all, at most 7 in a night" in shown
    assert "02 Mar" in shown
    assert "23 Feb" in shown
    assert "2026-03-01 7 2 1" in shown
    assert "Deliveries per night (UTC days)" in shown


ITEM = HeldItem("s" * 32, Code.E_DECODE, "delivery", None, "a reason", NOW, can_return=True, gaps=[])
HELD = Held([HeldCount(Code.E_DECODE, "delivery", 5, 3, NOW)], Listing([ITEM], 1, more=False), [], [], 3, [], 0)


def test_only_codes_that_are_held_can_be_chosen_and_the_number_is_said_first() -> None:
    shown = words("held.html.j2", held=HELD, code="E_DECODE", study="")
    assert "any E_DECODE (5)" in shown
    assert "E_ISSUER" not in shown
    assert "The next night takes 3 deliveries again" in shown
    assert "Try 3 deliveries again" in shown


@pytest.mark.parametrize("code", ["E_ISSUER", "no code", "<b>"])
def test_another_code_is_refused_in_words(code: str) -> None:
    shown = words("held.html.j2", held=HELD, code=code, study="")
    assert "Nothing is held with this code now." in shown
    assert "takes 3 deliveries again" not in shown


STATES = {
    "found": "waits for the next night",
    "failed": "every night tries it again",
    "ingested": "was taken in",
    "unchanged": "brought nothing new",
    "vanished": "the source no longer has it",
    "quarantined": "the delivery is held again",
    None: "is no longer known",
}


@pytest.mark.parametrize("state", STATES)
def test_it_is_said_what_became_of_what_was_tried_again(state: str | None) -> None:
    row = TriedAgain(NOW, "mary", "s" * 32, [Code.E_DECODE], "delivery", None, state, None, [])
    shown = words("tried.html.j2", tried=Listing([row], 1, more=False))
    assert "2026-03-02 02:30 mary" in shown
    assert "E_DECODE" in shown
    assert STATES[state] in shown


def test_nothing_tried_again_says_what_would_be_here() -> None:
    assert "Nothing has been tried again yet" in words("tried.html.j2", tried=Listing([], 1, more=False))


EARLIER = Training(NOW - timedelta(days=7), "promoted", None)
T1, T2 = MrSequence.T1, MrSequence.T2


def latest(state: RunState = RunState.FROZEN, begun: Sequence[MrSequence] = (), finished: Any = ()) -> LatestRun:
    return LatestRun("r" * 24, NOW, state, 25, 16, list(MODEL_SEQUENCES), list(begun), list(finished))


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (latest(), "a run is open, waiting for its first epoch"),
        (latest(begun=[T1]), "training: 0 of 6 sequences trained"),
        (latest(begun=[T1, T2], finished=[T1]), "training: 1 of 6 sequences trained"),
        (latest(RunState.EVALUATED, [T1], [T1]), "trained; waits for its verdict or approval"),
        (latest(RunState.PROMOTED, [T1], [T1]), "no network is being trained"),
        (None, "no network is being trained"),
    ],
)
def test_a_training_that_runs_is_not_said_to_have_ended(run: LatestRun | None, said: str) -> None:
    going = [replace(stage, state="running") if stage.name == "Train" else stage for stage in RUNS]
    assert f"Train running {said} latest run" in tonight_page(runs=going, training=EARLIER, run=run)
    assert f"Train running {said} latest run" in tonight_page("card.html.j2", runs=going, training=EARLIER, run=run)
    assert f"retrain_models runs now: {said}. Models" in tonight_page(runs=going, training=EARLIER, run=run)


def test_a_training_that_has_ended_is_told_by_what_came_of_it() -> None:
    assert "Train success networks promoted" in tonight_page(training=EARLIER, run=latest(RunState.PROMOTED))


def test_what_is_not_picked_up_is_counted_by_reason_with_the_way_to_the_words() -> None:
    night = SourceBalance("pacs", 9, 2, 3, 0, 0, 0, NOW, None, listed=True, reason=None, excluded=4)
    counts = [ExclusionCount("pacs", "limb", 1200), ExclusionCount("pacs", "no sign of a head", 3)]
    page = tonight_page(balances=[night], excluded=counts)
    assert "Not picked up" in page
    assert "Studies not picked up, of all nights 1,203" in page
    assert "pacs limb 1,200 pacs no sign of a head 3" in page
    assert "Studies not picked up" not in tonight_page(balances=[night])
