"""The step in which a person, or the setting `auto`, lets a challenger become champion."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from idh_airflow.answers import KeepsAnswer
from idh_airflow.defaults import APPROVAL
from idh_airflow.steps import step

WAIT = timedelta(days=6)
"""Until the next weekly run; unanswered, the champions stay."""


class PromotionApproval(KeepsAnswer, ApprovalOperator):
    """Approve or reject; what follows a rejection is skipped."""


def approval(task_id: str) -> Any:
    """Return the step; its XCom says who approved (see `approver`)."""
    if APPROVAL == "auto":
        return step(task_id=task_id)(_automatic)()
    operator = PromotionApproval(
        task_id=task_id,
        subject="May these networks become champions?",
        body="{{ ti.xcom_pull(task_ids='judge')['sentences'] | join('\n\n') }}\n\nFor research use; not for diagnosis.",
        defaults=PromotionApproval.REJECT,
        response_timeout=WAIT,
    )
    return operator.output


def _automatic() -> str:
    """Say that nobody was asked."""
    return "auto"


def approver(given: Any) -> str:
    """Return who approved, from what the step left behind."""
    who = given.get("responded_by_user") if isinstance(given, dict) else None
    return str(who.get("name") or who.get("id")) if who else "auto"
