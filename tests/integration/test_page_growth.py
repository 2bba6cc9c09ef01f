"""No page reads more of the database as history grows."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from idh_tasks.pipelines.pages import (
    cohort,
    events,
    held,
    label,
    networks,
    plan,
    progress,
    sources,
    studies,
    study,
    tonight,
    training_runs,
    waiting,
)
from idh_tasks.pipelines.pages.studies import State, StudyFilter
from idh_tasks.pipelines.platform import Platform
from tests.history import fill
from tests.page_reads import blocks_read

SMALL, LARGE = 600, 2_400
"""Studies; of both, the same are held and asked about."""
SLACK = 500
"""Blocks: what is read as a whole while it is small is read by index later."""
DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - in UTC, as the form has it

SEARCHES: tuple[dict[str, Any], ...] = (
    {}, *({"state": state} for state in State), {"study": "ffff"}, {"vendor": "Philips"}, {"vendor": "none"},
    {"label": "mutant"}, {"label": "none"}, {"label": "indeterminate"}, {"with_patch": "ADC"},
    {"without_patch": "ADC"}, {"flag": "W_DWI_MOTION"}, {"code": "E_COVERAGE"}, {"code": "W_POSTOP"},
    {"code": "E_NAN_LOSS"}, {"task": "ingest_studies"}, {"attention": "held"}, {"attention": "question"},
    {"since": DAY}, {"until": date(2020, 1, 1)}, {"predicted_since": DAY},
)  # fmt: skip
AUDITS: tuple[dict[str, Any], ...] = (
    {}, {"actor": "mary"}, {"actor": "nobody"}, {"actor": "mary", "action": "answered"}, {"subject": "none"},
    {"since": date(2100, 1, 1)}, {"until": date(2000, 1, 1)}, {"since": date(2020, 1, 1)},
)  # fmt: skip

Page = Callable[[Platform], object]


def searched(number: int = 1, **chosen: Any) -> Page:
    return lambda platform: studies.studies(platform, StudyFilter(**chosen), number)


def audited(**chosen: Any) -> Page:
    return lambda platform: events.audit_page(platform, events.EventFilter(**chosen))


def grouped(**chosen: Any) -> Page:
    return lambda platform: cohort.members(platform, cohort.Group(**chosen), 1)


def pages(shown: dict[str, str]) -> dict[str, Page]:
    study_id, run_id, review_id = shown["study_id"], shown["run_id"], shown["review_id"]
    listed = {f"studies {chosen}": searched(**chosen) for chosen in SEARCHES}
    logged = {f"audit {chosen}": audited(**chosen) for chosen in AUDITS}
    return listed | logged | {
        "studies, page 9": searched(9),
        "tonight": lambda platform: tonight.tonight(platform, datetime.now(UTC)),
        "study": lambda platform: study.study(platform, study_id),
        "label": lambda platform: label.label_history(platform, study_id),
        "cohort": cohort.counted_flow,
        "patients": grouped(),
        "included": grouped(stage="included"),
        "without a patch": grouped(without_patch="ADC"),
        "review": lambda platform: waiting.waiting(platform, 1),
        "answered": lambda platform: waiting.answered(platform, 1),
        "question": lambda platform: waiting.question(platform, review_id),
        "models": networks.networks,
        "progress": progress.running_training,
        "runs": lambda platform: training_runs.training_runs(platform, 1),
        "run": lambda platform: training_runs.training_run(platform, run_id),
        "held": lambda platform: held.held(platform, "", "", 1),
        "held with a code": lambda platform: held.held(platform, "E_DECODE", "", 1),
        "tried again": lambda platform: held.tried_again(platform, 1),
        "plan": plan.plan,
        "sources": lambda platform: sources.sources(platform, {}, []),
    }  # fmt: skip


def has_grown(small: int, large: int) -> bool:
    """Return whether a page reads more than the deeper indexes of a larger history explain."""
    return large > 2 * small + SLACK


def read(platform: Platform, size: int) -> dict[str, int]:
    shown = fill(platform, size, unsettled=SMALL)
    return {name: sum(blocks_read(platform, page).values()) for name, page in pages(shown).items()}


@pytest.fixture(autouse=True)
def short_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the limits of a search smaller, so that the test needs fewer studies."""
    monkeypatch.setattr(studies, "FEW", 50)
    monkeypatch.setattr(studies, "SEARCHED", 100)
    monkeypatch.setattr(networks, "MOST_COUNTED", 100)


def test_no_page_reads_more_as_history_grows(platform: Platform) -> None:
    small, large = read(platform, SMALL), read(platform, LARGE)
    assert {name: (small[name], large[name]) for name in small if has_grown(small[name], large[name])} == {}


def test_a_search_without_an_end_would_be_noticed(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "SEARCHED", LARGE)
    found = []
    for size in (SMALL, LARGE):
        fill(platform, size, unsettled=SMALL)
        found.append(sum(blocks_read(platform, searched(state=State.PATCHES)).values()))
    assert has_grown(*found)
