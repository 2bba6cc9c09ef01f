"""An approval in Airflow promotes only the networks that were shown, whatever is judged again in between."""

from typing import Any

import httpx
import pytest

from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import evaluate, freeze, promotion, sequence
from idh_tasks.pipelines.train.freeze import Due
from idh_tasks.pipelines.train.promotion import Judgement
from idh_tasks.settings import ROOT
from tests.database import run_sql
from tests.scheduler import Place, Scheduler

RUN = "run1"


@pytest.fixture(scope="module")
def scheduler() -> Scheduler:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(ROOT / "dags"))
        return Scheduler("retrain_models")


class Training:
    """A training without networks: what is judged is decided by the test, and promotions are counted."""

    def __init__(self, platform: Platform, patched: pytest.MonkeyPatch) -> None:
        self.judged, self.promoted = "first", list[str]()
        patched.setattr(freeze, "freeze_cohort", lambda *_, **__: Due(RUN, ""))
        patched.setattr(sequence, "train_sequence", lambda *_: "trained")
        patched.setattr(evaluate, "evaluate", lambda *_: "report")
        patched.setattr(promotion, "judge_challengers", lambda *_: self.judgement())
        patched.setattr(promotion, "promote", self.promote)
        patched.setattr("idh_airflow.approval.platform", lambda *_: platform)

    def judgement(self) -> Judgement:
        content: Any = {"T1": self.judged}, {"T1": None}, [f"T1: {self.judged}"]
        digest = promotion._digest(RUN, *content)
        networks, eligible, sentences = content
        return Judgement(run_id=RUN, networks=networks, eligible=eligible, sentences=sentences, digest=digest)

    def promote(self, _: Platform, run_id: str, judgement: Judgement, actor: str, approved: str | None) -> list[str]:
        promotion._check_approval(run_id, judgement, approved)
        self.promoted.append(f"{judgement['networks']['T1']} by {actor}")
        return ["T1"]


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
    assert scheduler.answer(approve, "Approve") == httpx.codes.OK
    scheduler.settle(approve.run_id)
    assert training.promoted == ["first by mary"]


def test_networks_that_are_judged_again_before_the_approval_are_not_promoted(
    platform: Platform, scheduler: Scheduler, training: Training, approve: Place
) -> None:
    training.judged = "second"
    scheduler.clear(approve.run_id, "judge")
    scheduler.settle(approve.run_id)
    scheduler.answer(approve, "Approve")
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
    assert scheduler.answer(approve, "Approve") == httpx.codes.CONFLICT
    assert states(scheduler, approve) == ["failed", "upstream_failed"]
    assert training.promoted == []


def test_an_approval_does_not_count_for_a_later_judgement(
    scheduler: Scheduler, training: Training, approve: Place
) -> None:
    scheduler.answer(approve, "Approve")
    scheduler.settle(approve.run_id)
    training.judged = "second"
    scheduler.clear(approve.run_id, "judge")
    scheduler.settle(approve.run_id)
    scheduler.clear(approve.run_id, "promote")
    scheduler.settle(approve.run_id)
    assert states(scheduler, approve) == ["success", "failed"]
    assert training.promoted == ["first by mary"]


def test_a_cleared_approval_asks_again(scheduler: Scheduler, training: Training, approve: Place) -> None:
    scheduler.answer(approve, "Reject")
    scheduler.settle(approve.run_id)
    assert states(scheduler, approve) == ["success", "skipped"]
    scheduler.clear(approve.run_id, "approve", downstream=True)
    scheduler.settle(approve.run_id)
    scheduler.answer(approve, "Approve")
    scheduler.settle(approve.run_id)
    assert training.promoted == ["first by mary"]
