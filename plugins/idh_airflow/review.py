"""Questions that wait in the Airflow UI for a person; an answer is recorded the moment it is given."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from idh_airflow.answers import KeepsAnswer
from idh_airflow.assets import QUESTIONS
from idh_airflow.connections import platform
from idh_airflow.steps import outcomes, skip_unless, step


@step(trigger_rule="none_failed", outlets=[QUESTIONS])
def put_questions() -> None:
    """Wake `review_cases` if a question is open that nobody is asked."""
    from idh_tasks.pipelines.review import questions

    skip_unless(questions.reviews_due(platform()), "no question is open that nobody is asked")


class ReviewOperator(KeepsAnswer):
    """Asks one question of the platform's list.

    Parameters
    ----------
    review_id
        Which question it is.
    """

    def __init__(self, *, review_id: str, **options: Any) -> None:
        super().__init__(**options)
        self.review_id = review_id

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the answer with its author; without one the question stays open.

        Raises
        ------
        AirflowSkipException
            If nobody answered in time, or left it open.
        """
        given = super().execute_complete(context, event)
        who = given["responded_by_user"]
        option = given["chosen_options"][0]
        if not outcomes(_record)(self.review_id, option, _name(who)):
            raise AirflowSkipException("left open: the case stays out, awaiting review")
        return {"review_id": self.review_id, "answer": option}


def _name(user: Mapping[str, str] | None) -> str | None:
    return (user.get("name") or user["id"]) if user else None


def _record(review_id: str, option: str, who: str | None) -> bool:
    from idh_tasks.pipelines.review import answers

    return answers.record_answer(platform(), review_id, option, who)
