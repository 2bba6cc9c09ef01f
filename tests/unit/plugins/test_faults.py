"""The page of the morning finds what a failed task has kept."""

from collections.abc import Iterator

import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from idh_airflow.steps import FAULT
from idh_airflow.ui.faults import Fault, fault_of
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from idh_tasks.codes import Code

PLACE = {"dag_id": "ingest_studies", "run_id": "r", "task_id": "reconcile"}


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    XComModel.metadata.create_all(engine, tables=[XComModel.__table__])
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def failed(map_index: int = -1) -> TaskInstance:
    """Return a task instance as the page reads it."""
    task = TaskInstance.__new__(TaskInstance)
    task.__dict__.update(PLACE | {"map_index": map_index})
    return task


def keep(session: Session, key: str, map_index: int, value: object) -> None:
    session.add(XComModel(**PLACE, dag_run_id=1, map_index=map_index, key=key, value=value))
    session.commit()


def test_the_fault_of_a_task_is_found_by_its_place(session: Session) -> None:
    keep(session, FAULT, -1, {"code": "E_RECONCILE", "reason": "2 are open"})
    keep(session, FAULT, 3, {"code": "E_PACS", "reason": "away"})
    assert fault_of(session, failed()) == Fault(Code.E_RECONCILE, "2 are open")
    assert fault_of(session, failed(3)) == Fault(Code.E_PACS, "away")


@pytest.mark.parametrize("kept", [{"code": "E_GONE", "reason": "away"}, {"code": "E_PACS"}, {"reason": "away"}, "away"])
def test_what_another_version_has_kept_is_no_fault_of_this_one(kept: object, session: Session) -> None:
    keep(session, FAULT, -1, kept)
    assert fault_of(session, failed()) is None


def test_a_task_that_kept_nothing_has_no_fault(session: Session) -> None:
    keep(session, "return_value", -1, {"found": 3})
    assert fault_of(session, failed()) is None
