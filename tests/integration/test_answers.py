"""An answer counts only for exactly what Airflow showed, whatever is cleared, run again or changed in between."""

import inspect
import os
import random
from typing import Any

import httpx
import pytest

from idh_tasks.domain.review import LEAVE_OPEN, ReviewKind
from idh_tasks.linkage import questions as texts
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT
from tests.database import run_sql
from tests.integration.answer_history import History
from tests.integration.test_link import SURGERY, add_study, deliver, linked, report
from tests.scheduler import Place, Scheduler

UNCLEAR = (("IDH1 R132H IHC", "weakly so"),)
# `make histories` plays 100.
HISTORIES = int(os.environ.get("IDH_ANSWER_HISTORIES", "30"))
ANSWERED = "SELECT subject, answer FROM idh.review WHERE answer IS NOT NULL"
WAITING = "SELECT subject FROM idh.review WHERE answer IS NULL AND asked_at IS NULL"


@pytest.fixture(scope="module")
def scheduler() -> Scheduler:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(ROOT / "dags"))
        return Scheduler("review_cases")


@pytest.fixture
def opened(platform: Platform, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Let the tasks that run in this process work on the platform of the test."""
    task: Any = scheduler.dag.task_dict["take"]
    take: Any = inspect.unwrap(task.python_callable)
    monkeypatch.setitem(take.__globals__, "platform", lambda *_: platform)
    monkeypatch.setattr("idh_airflow.review.platform", lambda *_: platform)
    return platform


def unclear(platform: Platform, patient: str) -> str:
    """Link a study to a report whose words are unclear; return the key of the report."""
    add_study(platform, f"study of {patient}", SURGERY, patient)
    before = {key for (key,) in run_sql(platform, "SELECT subject FROM idh.review")}
    linked(platform, report(f"report of {patient}", UNCLEAR, patient_id=patient))
    [key] = {key for (key,) in run_sql(platform, "SELECT subject FROM idh.review")} - before
    return str(key)


def asked(scheduler: Scheduler) -> Place:
    """Trigger a run with one question and return where it is asked."""
    run = scheduler.trigger()
    scheduler.work(run)
    assert scheduler.states(run, "ask") == {0: "awaiting_input"}
    return Place(run, "ask", 0)


def text(scheduler: Scheduler, place: Place) -> str:
    detail = scheduler.shown(place)
    assert detail is not None
    return str(detail["body"])


def state(scheduler: Scheduler, place: Place) -> str | None:
    return scheduler.states(place.run_id, "ask")[place.map_index]


def test_a_cleared_run_asks_the_same_question_although_another_one_is_open(
    opened: Platform, scheduler: Scheduler
) -> None:
    first = unclear(opened, "p1")
    place = asked(scheduler)
    unclear(opened, "p2")
    assert scheduler.clear(place.run_id, "take", downstream=True) == httpx.codes.OK
    scheduler.settle(place.run_id)
    assert first in text(scheduler, place)
    scheduler.answer(place, "mutant")
    scheduler.settle(place.run_id)
    assert run_sql(opened, ANSWERED) == [(first, "mutant")]


def test_a_text_from_before_the_clear_is_not_shown_for_a_question_that_reads_otherwise_now(
    opened: Platform, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = unclear(opened, "p1")
    place = asked(scheduler)
    monkeypatch.setitem(texts.EXPLANATIONS, ReviewKind.UNCLEAR_RESULT, "Another template.")
    scheduler.clear(place.run_id, "take", downstream=True)
    scheduler.settle(place.run_id)
    assert state(scheduler, place) == "failed"
    assert scheduler.answer(place, "mutant") == httpx.codes.CONFLICT, "nobody can answer what does not count"
    assert run_sql(opened, WAITING) == [(subject,)], "the next run asks again"
    assert "Another template." in text(scheduler, asked(scheduler))


def test_an_answer_does_not_count_after_the_evidence_has_changed_and_the_present_question_is_asked(
    opened: Platform, scheduler: Scheduler
) -> None:
    subject = unclear(opened, "p1")
    place = asked(scheduler)
    deliver(opened, report("report of p1", UNCLEAR, patient_id="p1", version=2))
    scheduler.answer(place, "mutant")
    scheduler.settle(place.run_id)
    assert state(scheduler, place) == "failed"
    assert run_sql(opened, ANSWERED) == []
    linked(opened)
    again = asked(scheduler)
    assert text(scheduler, again) != text(scheduler, place), "the text contains the version of the question"
    scheduler.answer(again, "wildtype")
    scheduler.settle(again.run_id)
    assert run_sql(opened, ANSWERED) == [(subject, "wildtype")]


def test_an_answer_is_recorded_although_airflow_takes_the_resumed_task_for_crashed(
    opened: Platform, scheduler: Scheduler
) -> None:
    subject = unclear(opened, "p1")
    place = asked(scheduler)
    scheduler.answer(place, "mutant")
    scheduler.crash(place)
    scheduler.settle(place.run_id)
    assert (state(scheduler, place), run_sql(opened, ANSWERED)) == ("success", [(subject, "mutant")])


def test_an_answer_that_comes_while_a_later_attempt_looks_for_one_is_recorded(
    opened: Platform, scheduler: Scheduler
) -> None:
    subject = unclear(opened, "p1")
    place = asked(scheduler)
    scheduler.clear(place.run_id, "ask", 0)
    scheduler.work(place.run_id)
    assert state(scheduler, place) == "deferred"
    scheduler.answer(place, "mutant")
    scheduler.settle(place.run_id)
    assert run_sql(opened, ANSWERED) == [(subject, "mutant")]


def test_a_question_that_was_left_open_is_asked_again_when_its_task_is_cleared(
    opened: Platform, scheduler: Scheduler
) -> None:
    subject = unclear(opened, "p1")
    place = asked(scheduler)
    scheduler.answer(place, LEAVE_OPEN)
    scheduler.settle(place.run_id)
    assert state(scheduler, place) == "skipped"
    scheduler.clear(place.run_id, "ask", 0)
    scheduler.settle(place.run_id)
    scheduler.answer(place, "mutant")
    scheduler.settle(place.run_id)
    assert run_sql(opened, ANSWERED) == [(subject, "mutant")]


def test_in_random_histories_exactly_the_answers_count_that_were_given_to_what_was_shown_and_is_true(
    opened: Platform, scheduler: Scheduler
) -> None:
    recorded = sum(History(opened, scheduler, random.Random(seed)).play() for seed in range(HISTORIES))
    assert recorded > HISTORIES // 4, "the histories must contain answers that count"
