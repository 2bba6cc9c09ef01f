"""Questions whose answer counts only for what Airflow showed, and is not lost if Airflow runs the task again.

Airflow 3.3 keeps one text per task instance: the one of the first attempt. After a retry or a clear, it shows this text
again, while the operator has the inputs of the present attempt.
"""

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSkipException,
    DownstreamTasksSkipped,
    TaskAwaitingInput,
)
from airflow.sdk.execution_time.comms import CreateHITLDetailPayload, HITLDetailRequestResult

from idh_airflow.closing import conclude
from idh_airflow.triggers.close_question import CloseQuestion
from idh_airflow.triggers.earlier_answer import EarlierAnswer

SHOWN = "shown"
"""Key in the state of the task, which outlives its attempts: the token of what Airflow shows."""
FINAL = (AirflowSkipException, AirflowFailException, DownstreamTasksSkipped)
"""Ends of an attempt after which Airflow does not repeat it."""
HEARD = "heard"
"""Key in the state of the task: the answer that has been dealt with (see `_mark`)."""


class BoundQuestion(HITLOperator):
    """Asks a person, and takes the answer together with what was shown.

    An answer may come before Airflow has noticed that the process that asked has ended; Airflow then takes the task for
    crashed and runs it again. An answer may also come between a clear and the next attempt. Therefore every later
    attempt first looks for an answer that has not been dealt with.

    Airflow may also drop the success of the attempt that took an answer, and with it the events of its assets. The next
    attempt then takes the answer once more, unless somebody has cleared the task, which allows it more attempts.

    Parameters
    ----------
    shown
        A token of what is asked: another question, other evidence or another text has another token.
    """

    template_fields = (*HITLOperator.template_fields, "shown")

    def __init__(self, *, shown: str, **options: Any) -> None:
        super().__init__(**options)
        self.shown = shown

    def execute(self, context: Any) -> Any:
        """Ask; in a later attempt, look for an earlier answer first."""
        if context["ti"].try_number > 1:
            self.defer(trigger=EarlierAnswer(str(context["ti"].id)), method_name="take_or_ask")
        return self.ask(context)

    def take_or_ask(self, context: Any, event: dict[str, Any]) -> Any:
        """Take an earlier answer, or ask again; the event is the answer itself if it came in the meantime."""
        answer = event.get("answer", event)
        if answer is None or self._is_settled(context, answer):
            return self.ask(context)
        return self.execute_complete(context, answer)

    def _is_settled(self, context: Any, answer: dict[str, Any]) -> bool:
        """Return whether an answer has been dealt with, and its success was not dropped."""
        heard = context["task_state_store"].get(HEARD) or {}
        return heard.get("answered") == _moment(answer) and heard.get("tries") != context["ti"].max_tries

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Take an answer; it has been dealt with unless the attempt is to be repeated. Taken twice, it is the same."""
        state = context["task_state_store"]
        try:
            taken = self.take(context, event, str(state.get(SHOWN)))
        except FINAL:
            state.set(HEARD, _mark(event))
            raise
        state.set(HEARD, _mark(event, context["ti"].max_tries))
        return taken

    def take(self, context: Any, event: dict[str, Any], shown: str) -> Any:  # noqa: ARG002 - for those who override it
        """Return the result of an answer to what was shown."""
        return super().execute_complete(context, event)

    def refuse(self, shown: str) -> None:
        """End the task with the reason why the present question cannot be asked, or its answer not be taken."""
        raise NotImplementedError

    def ask(self, context: Any) -> Any:
        """Ask, unless Airflow shows another text; those who override it may return the result instead."""
        instance, state = context["ti"].id, context["task_state_store"]
        if not self._shows(instance):
            trigger = CloseQuestion(str(instance), (self.defaults or self.options)[-1])
            self.defer(trigger=trigger, method_name="refuse_closed")
        state.set(SHOWN, self.shown)
        raise TaskAwaitingInput(method_name="execute_complete", timeout=self.response_timeout)

    def refuse_closed(self, context: Any, event: dict[str, Any]) -> None:
        """End the task, whose question cannot be answered any more."""
        state = context["task_state_store"]
        state.set(HEARD, _mark(event))
        self.refuse(str(state.get(SHOWN)))

    def _shows(self, instance: Any) -> bool:
        """Hand the question to Airflow; return whether Airflow shows it."""
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS  # it exists while a task runs

        asked = {"subject": self.subject, "body": self.body, "options": list(self.options)}
        form = {"defaults": self.defaults, "multiple": self.multiple, "params": self.serialized_params}
        values = {"ti_id": instance, "assigned_users": [], **form, **asked}
        question = CreateHITLDetailPayload.model_validate(values)
        # `upsert_hitl_detail` drops the response, which contains what Airflow has stored.
        stored = SUPERVISOR_COMMS.send(question)
        return isinstance(stored, HITLDetailRequestResult) and asked == stored.model_dump(include=set(asked))


def undecided(reason: str) -> AirflowSkipException:
    """Return the end of a question that decides nothing; the task says why."""
    conclude(f"Nothing decided: {reason}.")
    return AirflowSkipException(reason)


def _mark(answer: dict[str, Any], tries: int | None = None) -> dict[str, Any]:
    """Return what stands for an answer that is dealt with; `tries`, if it was taken: the attempts allowed by then."""
    return {"answered": _moment(answer), "tries": tries}


def _moment(answer: dict[str, Any]) -> float:
    return float(answer["responded_at"].timestamp())
