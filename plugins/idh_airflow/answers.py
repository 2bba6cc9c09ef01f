"""Keeps an answer although Airflow retries the task that asked for it."""

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

from idh_airflow.triggers.earlier_answer import EarlierAnswer


class KeepsAnswer(HITLOperator):
    """Asks a person once, and does not lose an answer that comes within seconds.

    Airflow 3.3 resumes a task as soon as it is answered. If the process that asked has not ended by then, the
    scheduler takes its end for a crash and retries the task, which would delete the answer and ask again.
    """

    def execute(self, context: Any) -> Any:
        """Ask; on a retry, look for an earlier answer first."""
        if self._is_retry(context["ti"]):
            self.defer(trigger=EarlierAnswer(str(context["ti"].id)), method_name="take_or_ask")
        return super().execute(context)

    def take_or_ask(self, context: Any, event: dict[str, Any]) -> Any:
        """Take the answer to an earlier attempt, or ask again."""
        answer = event["answer"]
        return super().execute(context) if answer is None else self.execute_complete(context, answer)

    def _is_retry(self, instance: Any) -> bool:
        """Return whether this is a retry; a cleared task, which has more attempts than configured, asks again."""
        return bool(instance.try_number > 1 and instance.max_tries == self.retries)
