"""The questions of `review_cases` that wait, as Airflow keeps them, and the answers to them."""

from dataclasses import dataclass

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.orm import Session

DAG_ID, TASK_ID = "review_cases", "ask"


@dataclass(frozen=True)
class Asked:
    """The task instance in which Airflow asks a question."""

    dag_run_id: str
    map_index: int


def asked(session: Session, digest: str) -> Asked | None:
    """Return where Airflow asks the question with this text now, or None if it does not, or has its answer."""
    waits = (
        select(TaskInstance.run_id, TaskInstance.map_index)
        .join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        .where(TaskInstance.dag_id == DAG_ID, TaskInstance.task_id == TASK_ID)
        .where(TaskInstance.state == TaskInstanceState.AWAITING_INPUT, HITLDetail.responded_at.is_(None))
        .where(HITLDetail.body.contains(f"`{digest}`", autoescape=True))
        .order_by(HITLDetail.created_at.desc())
        .limit(1)
    )
    row = session.execute(waits).first()
    return Asked(*row) if row else None


def answer(session: Session, user: BaseUser, where: Asked, option: str) -> None:
    """Answer as *Required Actions* does; Airflow refuses an option that is not offered, and a second answer."""
    given = UpdateHITLDetailPayload(chosen_options=[option])
    update_hitl_detail(DAG_ID, where.dag_run_id, TASK_ID, given, user, session, where.map_index)
