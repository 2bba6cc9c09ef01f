"""An answer that was given counts, even if Airflow tries the task again before it was taken."""

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

from idh_airflow.triggers.earlier_answer import EarlierAnswer


class KeepsAnswer(HITLOperator):
    """Asks once: whoever answers within seconds is heard.

    Airflow 3.3 resumes a task the moment it is answered. If the process that asked has not quite ended by then, the
    scheduler takes its end for a crash; the retry would erase the answer and ask again.
    """

    def execute(self, context: Any) -> Any:
        """Ask; a retry looks first whether the answer is there."""
        if self._is_retry(context["ti"]):
            self.defer(trigger=EarlierAnswer(str(context["ti"].id)), method_name="take_or_ask")
        return super().execute(context)

    def take_or_ask(self, context: Any, event: dict[str, Any]) -> Any:
        """Take the answer to an earlier try, or ask again."""
        answer = event["answer"]
        return super().execute(context) if answer is None else self.execute_complete(context, answer)

    def _is_retry(self, instance: Any) -> bool:
        """Tell a retry from a task that somebody has cleared, which is to ask again (it has more tries than given)."""
        return bool(instance.try_number > 1 and instance.max_tries == self.retries)
