"""What a run did, as its note in Airflow: the sentence of its last task, so that quiet nights are told apart.

Airflow's scheduler calls these functions when a run starts and ends, in its own transaction.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from idh_airflow.closing import SUMMARY

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from sqlalchemy.orm import Session

BESIDE = ("request_reviews", "check_archives", "go_on")
"""Tasks that end DAGs and, unless they fail, say nothing about their work."""
WAITING = {
    "review_cases": "Waits for answers, for up to seven days. It holds no worker, and nothing else waits for it."
}
"""What a run of these DAGs is noted to do while it is running."""
LONGEST = 1000
"""Characters that Airflow keeps of a note."""
log = logging.getLogger(__name__)


@hookimpl
def on_dag_run_running(dag_run: "DagRun", msg: str) -> None:  # noqa: ARG001 - Airflow's signature
    """Note that the run will wait for people, as it looks like one that works for days."""
    if sentence := WAITING.get(dag_run.dag_id):
        _note(dag_run, lambda *_: sentence)


@hookimpl
def on_dag_run_success(dag_run: "DagRun", msg: str) -> None:  # noqa: ARG001 - Airflow's signature
    """Note what the run did, or why there was nothing to do."""
    _note(dag_run, partial(_last_sentence, failed=False))


@hookimpl
def on_dag_run_failed(dag_run: "DagRun", msg: str) -> None:  # noqa: ARG001 - Airflow's signature
    """Note what failed, and what to do; nothing if the task was killed before it could say so."""
    _note(dag_run, partial(_last_sentence, failed=True))


def _note(dag_run: "DagRun", sentence: "Callable[[Session, DagRun], str | None]") -> None:
    """Write the note in the transaction that changes the run; `dag.test` has closed its own when the run ends."""
    from airflow.utils.session import create_session
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import Session, object_session

    if (session := object_session(dag_run)) is None:
        with create_session(scoped=False) as own:
            _write(own, dag_run.id, sentence)
        return
    # A session of its own, in a savepoint: a fault of the note must not undo what the scheduler has decided, and
    # the scheduler forbids its session to end even a nested transaction.
    savepoint = Session(session.connection(), join_transaction_mode="create_savepoint")
    try:
        with savepoint, savepoint.begin():
            _write(savepoint, dag_run.id, sentence)
    except SQLAlchemyError:
        log.exception("run %s has no note", dag_run.id)


def _write(session: "Session", run: int, sentence: "Callable[[Session, DagRun], str | None]") -> None:
    """Write the note, unless a person has written one."""
    from airflow.models.dagrun import DagRun

    dag_run = session.get_one(DagRun, run)
    written = dag_run.dag_run_note
    text = sentence(session, dag_run)
    if text and (written is None or written.user_id is None):
        dag_run.note = text[:LONGEST]


def _last_sentence(session: "Session", dag_run: "DagRun", *, failed: bool) -> str | None:
    """Return the sentence of the task that ended last; one that failed comes before all others.

    In a run that failed, only tasks that failed count: an earlier one that succeeded would hide the failure.
    """
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from sqlalchemy import and_, or_, select

    has_failed = TaskInstance.state == "failed"
    counted = has_failed if failed else or_(TaskInstance.map_index < 0, has_failed)
    same_task = and_(XComModel.task_id == TaskInstance.task_id, XComModel.map_index == TaskInstance.map_index)
    said = (
        select(XComModel.value)
        .join(TaskInstance, and_(XComModel.dag_run_id == dag_run.id, XComModel.key == SUMMARY, same_task))
        .where(TaskInstance.dag_id == dag_run.dag_id, TaskInstance.run_id == dag_run.run_id)
        .where(or_(has_failed, TaskInstance.task_id.not_in(BESIDE)), counted)
        .order_by(has_failed.desc(), TaskInstance.end_date.desc())
        .limit(1)
    )
    value = session.scalar(said)
    return str(value) if value is not None else None
