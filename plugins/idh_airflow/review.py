"""Questions that wait for a person in the Airflow UI; an answer is recorded as soon as it is given."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from idh_airflow.answers import KeepsAnswer
from idh_airflow.assets import QUESTIONS
from idh_airflow.connections import platform
from idh_airflow.steps import outcomes, skip_unless, step
from idh_tasks.domain.role import Role


@step(trigger_rule="none_failed", outlets=[QUESTIONS])
def request_reviews(role: str) -> None:
    """Trigger `review_cases` if an open question is not being asked.

    Parameters
    ----------
    role
        The role of the DAG.
    """
    from idh_tasks.pipelines.review import questions

    skip_unless(questions.reviews_due(platform(Role(role))), "every open question is being asked already")


class ReviewOperator(KeepsAnswer):
    """Asks one of the platform's questions.

    Parameters
    ----------
    review_id
        Id of the question.
    """

    def __init__(self, *, review_id: str, **options: Any) -> None:
        super().__init__(**options)
        self.review_id = review_id

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the answer with its author; without an answer the question stays open.

        Raises
        ------
        AirflowSkipException
            If nobody answered in time, or the person left it open.
        """
        answer = super().execute_complete(context, event)
        option = answer["chosen_options"][0]
        if not outcomes(_record)(self.review_id, option, _name(answer["responded_by_user"])):
            raise AirflowSkipException("left open: the case stays out of the cohort, awaiting review")
        return {"review_id": self.review_id, "answer": option}


def _name(user: Mapping[str, str] | None) -> str | None:
    return (user.get("name") or user["id"]) if user else None


def _record(review_id: str, option: str, user: str | None) -> bool:
    from idh_tasks.pipelines.review import answers

    return answers.record_answer(platform(Role.LINK), review_id, option, user)
