"""The latest run of each DAG, as Airflow's own database has it."""

from dataclasses import dataclass
from datetime import datetime

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import select
from sqlalchemy.orm import Session

STAGES = {
    "ingest_studies": "Ingest",
    "link_pathology": "Link",
    "preprocess_studies": "Preprocess",
    "retrain_models": "Train",
    "predict_studies": "Predict",
}
"""The DAGs of a night in order, with what the pages call them."""


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

    @property
    def address(self) -> str:
        """Return the address of the run in Airflow, or of the DAG if it has never run."""
        return f"/dags/{self.dag_id}" + (f"/runs/{self.run_id}" if self.run_id else "")


def latest_runs(session: Session) -> list[StageRun]:
    """Return the latest run of each stage in the order of a night."""
    return [_latest(session, dag_id, name) for dag_id, name in STAGES.items()]


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
    )
