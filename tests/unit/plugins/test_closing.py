"""A task ends with one sentence, and an event of an asset carries its counts."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowException, AirflowSkipException
from airflow.sdk.execution_time.context import OutletEventAccessors
from idh_airflow import closing
from idh_airflow.sentences import balanced, judged, listed, prepared, published
from idh_airflow.steps import new_unless_empty, outcomes, skip_unless

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError

STUDIES = Asset(name="test studies", uri="idh://test")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Return the context of a running task, of which the log is kept."""
    caplog.set_level(logging.INFO, "idh_airflow.closing")
    pushed: dict[str, str] = {}
    task = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))
    context = {"ti": task, "pushed": pushed, "outlet_events": OutletEventAccessors()}
    monkeypatch.setattr(closing, "get_current_context", lambda: context)
    return context


def announced(running: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the assets that a step has announced, with their counts."""
    events = running["outlet_events"][closing.announcing(STUDIES)].asset_alias_events
    return [(event.dest_asset_key.name, event.extra) for event in events]


def said(caplog: pytest.LogCaptureFixture) -> str:
    """Return the last line that the task has written itself."""
    return caplog.messages[-1]


@pytest.mark.parametrize(
    ("says", "result", "sentence"),
    [
        ("Predictions stored: {}.", 12, "Predictions stored: 12."),
        ("Batches: {}.", [{"ids": ["a"]}, {"ids": []}], "Batches: 2."),
        ("New: {}.", {"studies": 3, "series": 9}, "New: 3 studies, 9 series."),
        ("New: {}.", {}, "Nothing new. New: none."),
        ("Batches: {}.", [], "Nothing new. Batches: 0."),
        ("Links: {}.", {"links": 0, "studies due": 0}, "Nothing new. Links: 0 links, 0 studies due."),
        ("The schema is the newest.", None, "The schema is the newest."),
        (lambda count: f"{count} of 4", 2, "2 of 4"),
    ],
)
def test_a_step_ends_with_its_sentence(
    says: Any, result: Any, sentence: str, running: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert closing.concluding(lambda: result, says, ())() == result
    assert running["pushed"] == {"summary": sentence}
    assert said(caplog) == sentence


def test_an_event_carries_the_counts(running: dict[str, Any]) -> None:
    closing.concluding(lambda: {"studies": 3}, "New: {}.", [STUDIES])()
    assert announced(running) == [("test studies", {"studies": 3})]


def test_a_step_without_news_ends_well_says_so_and_announces_nothing(
    running: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    step = outcomes(lambda: new_unless_empty({"studies": 0}, "no study is new"))
    assert closing.concluding(step, "New: {}.", [STUDIES])() is None
    assert said(caplog) == running["pushed"]["summary"] == "Nothing new: no study is new."
    assert announced(running) == []


def test_a_skip_says_that_nothing_is_new(running: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AirflowSkipException):
        outcomes(lambda: skip_unless({"studies": 0}, "no study is new"))()
    assert said(caplog) == running["pushed"]["summary"] == "Nothing new: no study is new."


@pytest.mark.usefixtures("running")
def test_a_failure_ends_with_its_remedy(caplog: pytest.LogCaptureFixture) -> None:
    def refused() -> None:
        raise RunRefusedError(Code.E_STALE, "a champion was replaced")

    with pytest.raises(AirflowException):
        outcomes(refused)()
    assert said(caplog).startswith(f"Failed with E_STALE: a champion was replaced. What to do: {Code.E_STALE.remedy}")


def test_outside_of_a_task_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "idh_airflow.closing")
    closing.conclude("nobody hears it")
    assert caplog.messages == []


def test_what_the_sources_have_is_one_sentence() -> None:
    found = {
        "found": {"bucket": 3, "pacs": 12},
        "excluded": {"bucket": {}, "pacs": {"limb": 4, "spine": 3}},
        "unreachable": {"dicomweb": "E_X"},
        "incomplete": {"pacs": "E_Y: a part"},
        "batches": [{"ids": ["a", "b"]}],
    }
    assert listed(found) == (
        "Found: 3 in bucket, 12 in pacs; not picked up: 7; to be ingested: 2. No answer: dicomweb. "
        "Not listed completely: pacs (E_Y: a part)."
    )


def test_the_balance_names_what_failed_in_a_red_night_and_in_a_green_one() -> None:
    night = {"studies": 4, "warning": "", "refused": "", "reason": ""}
    assert balanced(night) == "New: 4 studies."
    assert balanced(night | {"reason": "pacs: 3 without an outcome"}) == "New: 4 studies. pacs: 3 without an outcome."
    assert balanced(night | {"warning": "pacs: 1 of 900"}) == "New: 4 studies. pacs: 1 of 900."


def test_the_judgement_is_one_sentence() -> None:
    assert judged({"eligible": {"T1": None}, "networks": {"T1": "a", "T2": "b"}}) == (
        "May become champions: T1; judged: T1, T2."
    )


def test_a_sequence_without_a_champion_is_named_with_the_documents() -> None:
    assert published({"documents": 3}) == "Documents written: 3."
    assert published({"documents": 0}) == "Nothing new: no document is due."
    assert published({"documents": 0, "unpredicted": ["ADC", "T1"]}) == (
        "Nothing new: no document is due."
        " Not predicted, because the champion was withdrawn without a successor: ADC, T1."
    )


def test_a_run_without_a_study_says_what_it_passes_on() -> None:
    assert prepared({"studies": 2}) == "Prepared for linking, training and prediction: 2 studies."
    assert prepared({"studies": 0}).startswith("No study was due;")
