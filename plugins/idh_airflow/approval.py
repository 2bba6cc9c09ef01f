"""The step in which a person approves challengers, or nobody is asked with `IDH_APPROVAL=auto`."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from idh_airflow.answers import KeepsAnswer
from idh_airflow.defaults import APPROVAL
from idh_airflow.steps import step

WAIT = timedelta(days=6)
"""Until shortly before the next weekly run; without an answer the champions stay."""


class PromotionApproval(KeepsAnswer, ApprovalOperator):
    """Asks a person to approve or reject; after a rejection the following tasks are skipped."""


def approval(task_id: str) -> Any:
    """Return the step; its XCom holds who approved (see `approver`)."""
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
    """Record that nobody was asked."""
    return "auto"


def approver(approved: Any) -> str:
    """Return who approved, from the XCom of the step."""
    user = approved.get("responded_by_user") if isinstance(approved, dict) else None
    return str(user.get("name") or user.get("id")) if user else "auto"
