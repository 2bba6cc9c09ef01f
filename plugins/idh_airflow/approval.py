"""The step in which a person approves challengers one by one, or nobody is asked with `IDH_APPROVAL=auto`."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from idh_airflow.answers import BoundQuestion, undecided
from idh_airflow.closing import conclude
from idh_airflow.connections import platform
from idh_airflow.defaults import APPROVAL
from idh_airflow.steps import outcomes, step
from idh_airflow.task_docs import doc_of
from idh_tasks.domain.approval import MOST_CHARACTERS, Approval
from idh_tasks.domain.role import Role

TASK_ID = "approve"
DOC = doc_of("retrain_models", TASK_ID)
NONE = "none of them"
"""The option that approves nothing, whatever is chosen with it."""
COMMENT = "comment"
WAIT = timedelta(days=6)
"""Until shortly before the next weekly run; without an answer the champions stay."""
JUDGEMENT = "ti.xcom_pull(task_ids='judge')"
"""In templates: what a person is asked about."""
BODY = (
    f"{{{{ {JUDGEMENT}['sentences'] | join('\n\n') }}}}\n\n"
    f"Choose the sequences whose networks become champions; the others stay challengers. *{NONE}* approves nothing. "
    "The comment is kept with your name: write no patient's name into it.\n\n"
    "For research use; not for diagnosis.\n\n"
    f"Training run `{{{{ {JUDGEMENT}['run_id'] }}}}`, judgement `{{{{ {JUDGEMENT}['digest'] }}}}`"
)


class PromotionApproval(BoundQuestion):
    """Asks a person which of the eligible networks become champions.

    Parameters
    ----------
    judgement
        As returned by `judge_challengers`; the eligible sequences are the options.
    """

    template_fields = (*BoundQuestion.template_fields, "judgement")

    def __init__(self, *, judgement: Any, params: Any = None, **options: Any) -> None:  # noqa: ARG002 - those of the DAG
        super().__init__(options=[NONE], multiple=True, params={COMMENT: _comment()}, **options)
        self.judgement = judgement

    def pre_execute(self, context: Any) -> None:  # noqa: ARG002 - Airflow's signature
        """Offer the eligible sequences; Airflow calls this before it asks and before it takes an answer."""
        self.options = [*self.judgement["eligible"], NONE]

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Take the answer.

        Raises
        ------
        AirflowSkipException
            If nobody answered in time: the run is judged again, and its networks are shown again.
        """
        if "error" in event:
            raise undecided("nobody answered in time, and the champions stay")
        return super().execute_complete(context, event)

    def take(self, context: Any, event: dict[str, Any], shown: str) -> Any:
        """Return the answer with what it was given for.

        Raises
        ------
        AirflowFailException
            ``E_NOT_SHOWN`` if the networks have been judged again since they were shown.
        """
        if shown != self.shown:
            self.refuse(shown)
        taken = super().take(context, event, shown)
        conclude(f"Chosen: {', '.join(event['chosen_options'])}.")
        return {**taken, "shown": shown}

    def refuse(self, shown: str) -> None:
        """Record that an approval of other networks or figures does not count."""
        outcomes(_refuse)(self.shown, shown)


def _comment() -> Param:
    return Param("", type=["string", "null"], maxLength=MOST_CHARACTERS, title="Comment")


def _refuse(judged: str, shown: str) -> None:
    from idh_tasks.pipelines.train import promotion

    promotion.refuse_approval(platform(Role.TRAIN), judged, shown)


def approval(judgement: Any) -> Any:
    """Return the step; its XCom holds who approved what (see `approval_of`)."""
    if APPROVAL == "auto":
        return step("Nobody is asked (IDH_APPROVAL=auto).", task_id=TASK_ID, doc_md=DOC)(_automatic)()
    operator = PromotionApproval(
        task_id=TASK_ID,
        doc_md=DOC,
        judgement=judgement,
        subject="Which networks become champions?",
        body=BODY,
        shown=f"{{{{ {JUDGEMENT}['digest'] }}}}",
        response_timeout=WAIT,
    )
    return operator.output


def _automatic() -> str:
    """Record that nobody was asked."""
    return "auto"


def approval_of(approved: Any) -> Approval | None:
    """Return the approval from the XCom of the step, or None if nobody was asked."""
    if not isinstance(approved, dict):
        return None
    user, chosen = approved["responded_by_user"], approved["chosen_options"]
    return Approval(
        actor=str(user.get("name") or user["id"]),
        shown=str(approved["shown"]),
        sequences=frozenset() if NONE in chosen else frozenset(chosen),
        comment=str(approved["params_input"].get(COMMENT) or "").strip(),
    )
