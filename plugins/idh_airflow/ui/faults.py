"""What a failed task has said of its fault."""

from dataclasses import dataclass
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from idh_airflow.steps import FAULT
from idh_tasks.codes import Code


@dataclass(frozen=True)
class Fault:
    """The code of an error, and what happened."""

    code: Code
    reason: str


def fault_of(session: Session, task: TaskInstance) -> Fault | None:
    """Return the fault of a failed task, or None if it ended without one that this version knows."""
    kept = session.execute(
        select(XComModel.value).where(
            XComModel.dag_id == task.dag_id,
            XComModel.run_id == task.run_id,
            XComModel.task_id == task.task_id,
            XComModel.map_index == task.map_index,
            XComModel.key == FAULT,
        )
    ).first()
    if kept is None:
        return None
    return _read(XComModel.deserialize_value(kept))


def _read(told: Any) -> Fault | None:
    """Return a fault, or None if another version has kept it, with a code or in a form that this one does not know."""
    try:
        return Fault(Code(told["code"]), told["reason"])
    except (KeyError, TypeError, ValueError):
        return None
