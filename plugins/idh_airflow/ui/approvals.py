"""The question of `retrain_models` which networks become champions, as Airflow keeps it, and the answer to it."""

from dataclasses import dataclass
from datetime import datetime

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.utils.state import TaskInstanceState
from sqlalchemy import select
from sqlalchemy.orm import Session

from idh_airflow.approval import COMMENT, NONE, TASK_ID

DAG_ID = "retrain_models"


@dataclass(frozen=True)
class ApprovalQuestion:
    """The latest question.

    Parameters
    ----------
    sequences
        Those whose networks may become champions.
    body
        What is shown, with the digest of the judgement.
    waits
        Whether it can be answered now.
    """

    dag_run_id: str
    sequences: list[str]
    body: str
    asked_at: datetime
    waits: bool
    answered_by: str | None
    answered_at: datetime | None

    def shows(self, digest: str | None) -> bool:
        """Return whether it is about this judgement."""
        return digest is not None and f"`{digest}`" in self.body


def latest_question(session: Session) -> ApprovalQuestion | None:
    """Return the latest question, or None if there has been none."""
    newest = (
        select(HITLDetail, TaskInstance)
        .join(TaskInstance, HITLDetail.ti_id == TaskInstance.id)
        .where(TaskInstance.dag_id == DAG_ID, TaskInstance.task_id == TASK_ID)
        .order_by(HITLDetail.created_at.desc())
        .limit(1)
    )
    row = session.execute(newest).first()
    return _question(*row) if row else None


def _question(detail: HITLDetail, instance: TaskInstance) -> ApprovalQuestion:
    options: list[str] = list(detail.options)
    return ApprovalQuestion(
        dag_run_id=instance.run_id,
        sequences=[option for option in options if option != NONE],
        body=detail.body or "",
        asked_at=detail.created_at,
        waits=instance.state == TaskInstanceState.AWAITING_INPUT and not detail.response_received,
        answered_by=detail.responded_by_user_name,
        answered_at=detail.responded_at,
    )


def answer(session: Session, user: BaseUser, dag_run_id: str, sequences: list[str], comment: str) -> None:
    """Answer as *Required Actions* does; Airflow refuses options that are not offered, and a second answer.

    Parameters
    ----------
    sequences
        Those to be promoted; none of them if it is empty.
    """
    given = UpdateHITLDetailPayload(chosen_options=sequences or [NONE], params_input={COMMENT: comment})
    update_hitl_detail(DAG_ID, dag_run_id, TASK_ID, given, user, session)
