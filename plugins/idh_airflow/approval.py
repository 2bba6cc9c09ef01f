"""The step in which a person approves challengers, or nobody is asked with `IDH_APPROVAL=auto`."""

from datetime import timedelta
from typing import Any, TypedDict

from airflow.providers.standard.operators.hitl import ApprovalOperator

from idh_airflow.answers import BoundQuestion
from idh_airflow.connections import platform
from idh_airflow.defaults import APPROVAL
from idh_airflow.steps import outcomes, step
from idh_tasks.domain.role import Role

WAIT = timedelta(days=6)
"""Until shortly before the next weekly run; without an answer the champions stay."""
JUDGEMENT = "ti.xcom_pull(task_ids='judge')"
"""In templates: what a person is asked about."""


class PromotionApproval(BoundQuestion, ApprovalOperator):
    """Asks a person to approve or reject; after a rejection the following tasks are skipped."""

    def take(self, context: Any, event: dict[str, Any], shown: str) -> Any:
        """Return the answer with what it was given for.

        Raises
        ------
        AirflowFailException
            ``E_NOT_SHOWN`` if the networks have been judged again since they were shown.
        """
        if shown != self.shown:
            self.refuse(shown)
        return {**super().take(context, event, shown), "shown": shown}

    def refuse(self, shown: str) -> None:
        """Record that an approval of other networks or figures does not count."""
        outcomes(_refuse)(self.shown, shown)


def _refuse(judged: str, shown: str) -> None:
    from idh_tasks.pipelines.train import promotion

    promotion.refuse_approval(platform(Role.TRAIN), judged, shown)


def approval(task_id: str) -> Any:
    """Return the step; its XCom holds who approved, and what (see `approval_of`)."""
    if APPROVAL == "auto":
        return step(task_id=task_id)(_automatic)()
    operator = PromotionApproval(
        task_id=task_id,
        subject="May these networks become champions?",
        body=(
            f"{{{{ {JUDGEMENT}['sentences'] | join('\n\n') }}}}\n\nFor research use; not for diagnosis.\n\n"
            f"Training run `{{{{ {JUDGEMENT}['run_id'] }}}}`, judgement `{{{{ {JUDGEMENT}['digest'] }}}}`"
        ),
        shown=f"{{{{ {JUDGEMENT}['digest'] }}}}",
        defaults=PromotionApproval.REJECT,
        response_timeout=WAIT,
    )
    return operator.output


def _automatic() -> str:
    """Record that nobody was asked."""
    return "auto"


class Approval(TypedDict):
    """Who approved, and the digest of what was shown; None if nobody was asked."""

    actor: str
    approved: str | None


def approval_of(approved: Any) -> Approval:
    """Return the approval from the XCom of the step."""
    if not isinstance(approved, dict):
        return Approval(actor="auto", approved=None)
    user = approved.get("responded_by_user")
    actor = str(user.get("name") or user.get("id")) if user else "auto"
    return Approval(actor=actor, approved=str(approved.get("shown")))
