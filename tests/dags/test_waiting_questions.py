"""Runs of `review_cases` that wait for people hold up neither the next question nor another DAG."""

from collections.abc import Iterator

import airflow.settings
import pytest
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.listeners.listener import get_listener_manager
from airflow.models.dag import DagModel
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.pool import Pool
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import timezone
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from idh_airflow import run_notes
from sqlalchemy import func, select, update

from idh_tasks.settings import ROOT

WAITING = 70
LOOPS = 60
"""More than enough: SQLite's clock counts whole seconds, so that a run may be due a moment late."""
BUNDLE = "dags-folder"


@pytest.fixture
def scheduler() -> Iterator[SchedulerJobRunner]:
    """Return Airflow's scheduler, with an empty database but for our DAGs."""
    initdb()
    get_listener_manager().add_listener(run_notes)  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(airflow.settings, "DAGS_FOLDER", str(ROOT / "dags"))
        with create_session() as session:
            DagBundlesManager().sync_bundles_to_db(session=session)  # type: ignore[no-untyped-call]
            session.execute(update(DagRun).values(state=DagRunState.FAILED))
        sync_bag_to_db(DagBag(str(ROOT / "dags"), bundle_name=BUNDLE), BUNDLE, None)
        with create_session() as session:
            session.execute(update(DagModel).values(is_paused=False, next_dagrun_create_after=None))
        yield SchedulerJobRunner(Job())  # type: ignore[no-untyped-call]


def created(dag_id: str, state: DagRunState) -> str:
    """Create a run and return its id."""
    with create_session() as session:
        dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
        assert dag is not None
        now, count = timezone.utcnow(), session.scalar(select(func.count()).select_from(DagRun))
        run = dag.create_dagrun(
            run_id=f"{dag_id}_{count}", run_after=now, run_type=DagRunType.MANUAL, state=state,
            triggered_by=DagRunTriggeredByType.TEST, session=session,
        )  # fmt: skip
        return run.run_id


def wait_for_a_person(run_id: str) -> None:
    """Let a run wait with one question."""
    with create_session() as session:
        for task in session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id)):
            waits = task.task_id == "ask"
            task.state = TaskInstanceState.AWAITING_INPUT if waits else TaskInstanceState.SUCCESS
            task.map_index = 0 if waits else -1


def started(run_id: str) -> bool:
    """Return whether the first task of a run may start."""
    with create_session() as session:
        states = select(TaskInstance.state).where(TaskInstance.run_id == run_id)
        return not {TaskInstanceState.SCHEDULED, TaskInstanceState.QUEUED}.isdisjoint(session.scalars(states))


def test_seventy_open_questions_block_neither_the_next_one_nor_another_dag(scheduler: SchedulerJobRunner) -> None:
    for _ in range(WAITING):
        wait_for_a_person(created("review_cases", DagRunState.RUNNING))
    following = [created(dag_id, DagRunState.QUEUED) for dag_id in ("review_cases", "ingest_studies")]
    for _ in range(LOOPS):
        if all(map(started, following)):
            break
        with create_session() as session:
            scheduler._do_scheduling(session)
    assert list(map(started, following)) == [True, True]
    with create_session() as session:
        assert Pool.slots_stats(session=session)["default_pool"]["running"] == 0, "a question holds no worker"
        noted = session.scalars(select(DagRun).where(DagRun.run_id == following[0])).one()
        assert str(noted.note).startswith("Waits for answers")
