"""What Airflow's own database has: the latest run of each DAG, faults, and the names of Connections."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from airflow.models.connection import Connection
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.errors import ParseImportError
from airflow.models.taskinstance import TaskInstance
from sqlalchemy import select
from sqlalchemy.orm import Session

from idh_airflow.task_links import task_address, written
from idh_airflow.ui.faults import Fault, fault_of
from idh_tasks.codes import Code

STAGES = {
    "ingest_studies": "Ingest",
    "link_pathology": "Link",
    "preprocess_studies": "Preprocess",
    "retrain_models": "Train",
    "predict_studies": "Predict",
}
"""The DAGs of a night in order, with what the pages call them."""


GOING = ("queued", "running")
MOST_ERRORS = 20
MOST_FAILURES = 5
"""So many failed tasks of a run are named."""


@dataclass(frozen=True)
class FailedTask:
    """A task that failed in the latest run, the address of its log in Airflow, and its fault if it ended with one."""

    task_id: str
    address: str
    fault: Fault | None = None


@dataclass(frozen=True)
class StageRun:
    """The latest run of one stage, if there is one, and when the next is due, if a time is known."""

    name: str
    dag_id: str
    run_id: str | None
    state: str
    started: datetime | None
    next_run: datetime | None
    paused: bool
    failures: tuple[FailedTask, ...] = ()

    @property
    def going(self) -> bool:
        """Return whether the run waits or runs."""
        return self.state in GOING

    @property
    def address(self) -> str:
        """Return the address of the run in Airflow, or of the DAG if it has never run."""
        return f"/dags/{self.dag_id}" + (f"/runs/{self.run_id}" if self.run_id else "")


def latest_runs(session: Session) -> list[StageRun]:
    """Return the latest run of each stage in the order of a night."""
    return [_latest(session, dag_id, name) for dag_id, name in STAGES.items()]


def latest_run(session: Session, dag_id: str) -> StageRun:
    """Return the latest run of one DAG."""
    return _latest(session, dag_id, dag_id)


def refused_settings(session: Session) -> list[str]:
    """Return what the DAG processor says of variables that are unknown or not valid, one sentence each."""
    told = f"{Code.E_SETTINGS}: "
    errors = session.scalars(
        select(ParseImportError.stacktrace).where(ParseImportError.stacktrace.contains(told)).limit(MOST_ERRORS)
    )
    return [line for error in errors for line in str(error).rpartition(told)[2].splitlines() if line.strip()]


def _latest(session: Session, dag_id: str, name: str) -> StageRun:
    newest = select(DagRun).where(DagRun.dag_id == dag_id).order_by(DagRun.run_after.desc()).limit(1)
    run, dag = session.scalar(newest), session.get(DagModel, dag_id)
    return StageRun(
        name=name,
        dag_id=dag_id,
        run_id=run.run_id if run else None,
        state=str(run.state) if run else "never run",
        started=run.start_date if run else None,
        next_run=dag.next_dagrun_create_after if dag else None,
        paused=bool(dag and dag.is_paused),
        failures=tuple(_failures(session, run)) if run else (),
    )


def _failures(session: Session, run: DagRun) -> Iterator[FailedTask]:
    failed = (
        select(TaskInstance)
        .where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id, TaskInstance.state == "failed")
        .order_by(TaskInstance.end_date)
        .limit(MOST_FAILURES)
    )
    for task in session.scalars(failed):
        yield FailedTask(task.task_id, task_address(written(task)), fault_of(session, task))


def made_in_airflow(session: Session) -> set[str]:
    """Return the names of the Connections in Airflow's database; those in the environment of a worker come first."""
    return set(session.scalars(select(Connection.conn_id)))
