"""The note of a run is written beside the decisions of the scheduler, and never hides a failure."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from airflow.models import import_all_models
from airflow.models.dagrun import DagRun, DagRunNote
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.sqlalchemy import prohibit_commit
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunType
from idh_airflow import run_notes
from idh_airflow.closing import SUMMARY
from sqlalchemy import create_engine, event, insert, select, text
from sqlalchemy.orm import Session

PLACE: dict[str, Any] = {"dag_id": "link_pathology", "run_id": "r"}


@pytest.fixture
def session() -> Iterator[Session]:
    """Return a session that holds one run, in a transaction with savepoints (a recipe of SQLAlchemy for SQLite)."""
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    import_all_models()  # type: ignore[no-untyped-call]
    DagRun.metadata.create_all(engine)
    with Session(engine) as opened:
        run = DagRun(**PLACE, run_type=DagRunType.SCHEDULED, state=DagRunState.RUNNING)
        opened.add(run)
        opened.commit()
        yield opened
    engine.dispose()


def ended(session: Session, task_id: str, minute: int, state: str, sentence: str | None = None) -> None:
    """Add a task of the run that has ended."""
    end = datetime(2026, 11, 26, 3, minute, tzinfo=UTC)
    task = {"id": uuid4(), "task_id": task_id, "map_index": -1, "state": state, "end_date": end, "pool": "p"}
    session.execute(insert(TaskInstance).values(**PLACE, **task, pool_slots=1))
    if sentence is not None:
        run = the_run(session)
        session.add(XComModel(**PLACE, dag_run_id=run.id, task_id=task_id, map_index=-1, key=SUMMARY, value=sentence))
    session.commit()


def the_run(session: Session) -> DagRun:
    return session.scalars(select(DagRun)).one()


def note(session: Session) -> str | None:
    return session.scalar(select(DagRunNote.content))


def test_a_run_has_the_sentence_of_the_task_that_failed(session: Session) -> None:
    ended(session, "link", 1, "failed", "Failed with E_KEY.")
    ended(session, "announce", 2, "success", "New: 4 links.")
    run_notes.on_dag_run_failed(the_run(session), "")
    assert note(session) == "Failed with E_KEY."


def test_a_run_whose_task_was_killed_has_no_sentence_of_an_earlier_task(session: Session) -> None:
    ended(session, "load", 1, "success", "3 reports are new.")
    ended(session, "link", 2, "failed")
    run_notes.on_dag_run_failed(the_run(session), "")
    assert note(session) is None


def test_the_scheduler_forbids_its_session_to_commit_and_the_note_is_written(session: Session) -> None:
    ended(session, "link", 1, "success", "New: 4 links.")
    with prohibit_commit(session) as guard:  # type: ignore[no-untyped-call]
        run_notes.on_dag_run_success(the_run(session), "")
        guard.commit()
    assert note(session) == "New: 4 links."


def test_a_note_that_cannot_be_written_leaves_the_decisions_of_the_scheduler(
    session: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(own: Session, *_: object, **__: object) -> None:
        own.execute(text("DELETE FROM dag_run"))
        own.execute(text("SELECT * FROM nothing_of_this_name"))

    monkeypatch.setattr(run_notes, "_last_sentence", broken)
    run = the_run(session)
    run.state = DagRunState.SUCCESS
    session.flush()
    with prohibit_commit(session) as guard:  # type: ignore[no-untyped-call]
        run_notes.on_dag_run_success(run, "")
        guard.commit()
    assert "has no note" in caplog.text
    assert the_run(session).state == DagRunState.SUCCESS


def test_a_run_that_waits_for_people_says_so_until_it_has_ended(session: Session) -> None:
    run_notes.on_dag_run_running(the_run(session), "")
    assert note(session) is None, "another DAG works while it is running"
    the_run(session).dag_id = "review_cases"
    session.commit()
    run_notes.on_dag_run_running(the_run(session), "")
    assert note(session) == run_notes.WAITING["review_cases"]
