"""An approval in Airflow promotes only the networks that were shown, whatever is judged again in between."""

from typing import Any

import httpx
import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.utils.session import create_session
from idh_airflow.approval import COMMENT, NONE
from idh_airflow.ui import approvals

from idh_tasks.domain.approval import Approval
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import evaluate, freeze, promotion, sequence, twin_search
from idh_tasks.pipelines.train.freeze import Due
from idh_tasks.pipelines.train.promotion import Champions, Judgement
from idh_tasks.settings import ROOT
from tests.database import run_sql
from tests.scheduler import Place, Scheduler

RUN = "run1"
BOTH = ["ADC first by mary", "T1 first by mary"]


@pytest.fixture(scope="module")
def scheduler() -> Scheduler:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(ROOT / "dags"))
        return Scheduler("retrain_models")


class Training:
    """A training of two networks: what is judged is decided by the test, and promotions are counted."""

    def __init__(self, platform: Platform, patched: pytest.MonkeyPatch) -> None:
        self.judged, self.promoted, self.kept = "first", list[str](), list[str]()
        patched.setattr(freeze, "freeze_cohort", lambda *_, **__: Due(RUN, ""))
        patched.setattr(twin_search, "search_twins", lambda *_: 0)
        patched.setattr(sequence, "train_sequence", lambda *_: "trained")
        patched.setattr(evaluate, "evaluate", lambda *_: "report")
        patched.setattr(promotion, "judge_challengers", lambda *_: self.judgement())
        patched.setattr(promotion, "promote", self.promote)
        patched.setattr("idh_airflow.approval.platform", lambda *_: platform)

    def judgement(self) -> Judgement:
        networks = {"T1": self.judged, "ADC": self.judged, "FLAIR": self.judged}
        eligible: Champions = {"T1": None, "ADC": "m"}
        sentences = [f"{name}: {self.judged}" for name in networks]
        digest = promotion._digest(RUN, networks, eligible, sentences)
        return Judgement(run_id=RUN, networks=networks, eligible=eligible, sentences=sentences, digest=digest)

    def promote(self, _: Platform, run_id: str, judgement: Judgement, approval: Approval | None) -> list[str]:
        promotion._check_approval(run_id, judgement, approval)
        assert approval is not None
        chosen = sorted(approval.sequences)
        self.promoted += [f"{name} {judgement['networks'][name]} by {approval.actor}" for name in chosen]
        self.kept += [f"{name}: {approval.comment}" for name in judgement["eligible"] if name not in chosen]
        return chosen


@pytest.fixture
def training(platform: Platform, scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> Training:
    for task in scheduler.dag.tasks:
        step: Any = getattr(task, "python_callable", None) or getattr(task, "op_kwargs", None)
        while hasattr(step, "__wrapped__"):
            step = step.__wrapped__
        if callable(step):
            monkeypatch.setitem(step.__globals__, "platform", lambda *_: platform)
    return Training(platform, monkeypatch)


@pytest.fixture
def approve(training: Training, scheduler: Scheduler) -> Place:
    run_id = scheduler.trigger()
    scheduler.work(run_id)
    return Place(run_id, "approve", -1)


def states(scheduler: Scheduler, place: Place) -> list[str | None]:
    return [scheduler.states(place.run_id, task)[-1] for task in ("approve", "promote")]


def test_what_was_shown_and_approved_is_promoted(scheduler: Scheduler, training: Training, approve: Place) -> None:
    shown = scheduler.shown(approve)
    assert shown is not None
    assert "T1: first" in shown["body"]
    assert scheduler.answer(approve, "T1", "ADC") == httpx.codes.OK
    scheduler.settle(approve.run_id)
    assert training.promoted == BOTH


def test_a_person_may_choose_among_the_eligible_networks_only(scheduler: Scheduler, approve: Place) -> None:
    shown = scheduler.shown(approve)
    assert shown is not None
    assert (shown["options"], shown["multiple"]) == (["T1", "ADC", NONE], True)
    assert scheduler.answer(approve, "FLAIR") == httpx.codes.BAD_REQUEST


def test_only_the_chosen_networks_are_promoted_and_the_comment_goes_with_the_others(
    scheduler: Scheduler, training: Training, approve: Place
) -> None:
    assert scheduler.answer(approve, "ADC", **{COMMENT: "T1 has too few mutants"}) == httpx.codes.OK
    scheduler.settle(approve.run_id)
    assert training.promoted == ["ADC first by mary"]
    assert training.kept == ["T1: T1 has too few mutants"]
    assert states(scheduler, approve) == ["success", "success"]


def test_of_two_answers_the_first_counts(scheduler: Scheduler, training: Training, approve: Place) -> None:
    assert scheduler.answer(approve, "ADC") == httpx.codes.OK
    assert scheduler.answer(approve, "T1", user="john") == httpx.codes.CONFLICT
    scheduler.settle(approve.run_id)
    assert training.promoted == ["ADC first by mary"]


def test_without_an_answer_nothing_is_promoted_and_nothing_is_decided(
    scheduler: Scheduler, training: Training, approve: Place
) -> None:
    scheduler.time_out(approve.run_id)
    scheduler.settle(approve.run_id)
    assert states(scheduler, approve) == ["skipped", "skipped"]
    assert (training.promoted, training.kept) == ([], [])


def test_the_page_answers_the_same_question_as_required_actions(
    scheduler: Scheduler, training: Training, approve: Place
) -> None:
    with create_session() as session:
        question = approvals.latest_question(session)
        assert question is not None
        assert question.waits
        assert question.sequences == ["T1", "ADC"]
        assert question.shows(training.judgement()["digest"])
        assert not question.shows("another")
        mary = SimpleAuthManagerUser(username="mary", role="admin")
        approvals.answer(session, mary, question.dag_run_id, ["T1"], "fits")
    scheduler.settle(approve.run_id)
    assert training.promoted == ["T1 first by mary"]
    assert training.kept == ["ADC: fits"]
    shown = scheduler.shown(approve)
    assert shown is not None
    assert shown["params_input"] == {COMMENT: "fits"}
    with create_session() as session:
        answered = approvals.latest_question(session)
    assert answered is not None
    assert (answered.waits, answered.answered_by) == (False, "mary")


def test_networks_that_are_judged_again_before_the_approval_are_not_promoted(
    platform: Platform, scheduler: Scheduler, training: Training, approve: Place
) -> None:
    training.judged = "second"
    scheduler.clear(approve.run_id, "judge")
    scheduler.settle(approve.run_id)
    scheduler.answer(approve, "T1", "ADC")
    scheduler.settle(approve.run_id)
    assert states(scheduler, approve) == ["failed", "upstream_failed"]
    assert training.promoted == []
    assert run_sql(platform, "SELECT action FROM idh.audit_event") == [("approval not taken",)]


def test_airflow_keeps_the_first_text_so_that_nobody_can_approve_networks_that_are_judged_again(
    scheduler: Scheduler, training: Training, approve: Place
) -> None:
    training.judged = "second"
    scheduler.clear(approve.run_id, "judge", downstream=True)
    scheduler.settle(approve.run_id)
    assert scheduler.answer(approve, "T1", "ADC") == httpx.codes.CONFLICT
    assert states(scheduler, approve) == ["failed", "upstream_failed"]
    assert training.promoted == []


def test_an_approval_does_not_count_for_a_later_judgement(
    scheduler: Scheduler, training: Training, approve: Place
) -> None:
    scheduler.answer(approve, "T1", "ADC")
    scheduler.settle(approve.run_id)
    training.judged = "second"
    scheduler.clear(approve.run_id, "judge")
    scheduler.settle(approve.run_id)
    scheduler.clear(approve.run_id, "promote")
    scheduler.settle(approve.run_id)
    assert states(scheduler, approve) == ["success", "failed"]
    assert training.promoted == BOTH


def test_a_cleared_approval_asks_again(scheduler: Scheduler, training: Training, approve: Place) -> None:
    scheduler.answer(approve, NONE)
    scheduler.settle(approve.run_id)
    assert states(scheduler, approve) == ["success", "skipped"]
    scheduler.clear(approve.run_id, "approve", downstream=True)
    scheduler.settle(approve.run_id)
    scheduler.answer(approve, "T1", "ADC")
    scheduler.settle(approve.run_id)
    assert training.promoted == BOTH
