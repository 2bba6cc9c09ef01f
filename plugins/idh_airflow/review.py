"""Questions that wait for a person in the Airflow UI; an answer is recorded as soon as it is given."""

from collections.abc import Mapping
from typing import Any

from idh_airflow.answers import BoundQuestion, undecided
from idh_airflow.assets import QUESTIONS
from idh_airflow.closing import conclude
from idh_airflow.connections import platform
from idh_airflow.steps import new_unless_empty, outcomes, step
from idh_tasks.domain.role import Role


@step("Asked of a person: {}.", trigger_rule="none_failed", outlets=[QUESTIONS])
def request_reviews(role: str) -> dict[str, int]:
    """Trigger `review_cases` if an open question is not being asked.

    Parameters
    ----------
    role
        The role of the DAG.
    """
    from idh_tasks.pipelines.review import questions

    due = questions.reviews_due(platform(Role(role)))
    return new_unless_empty({"questions": due}, "no question is left to be asked")


class ReviewOperator(BoundQuestion):
    """Asks one of the platform's questions."""

    def ask(self, context: Any) -> Any:
        """Ask, unless the question has been settled since it was taken; return its answer if it has one.

        A success announces the answer: the attempt that recorded it may not have been able to.

        Raises
        ------
        AirflowSkipException
            If it no longer arises.
        """
        if answer := outcomes(_answer_of)(self.shown):
            return _answered(self.shown, answer)
        if not outcomes(_is_open)(self.shown):
            raise undecided("the question no longer arises")
        return super().ask(context)

    def take(self, context: Any, event: dict[str, Any], shown: str) -> Any:  # noqa: ARG002 - as in the base class
        """Record the answer with its author for the question that was shown; without an answer it stays open.

        Raises
        ------
        AirflowSkipException
            If nobody answered in time, or the person left it open.
        AirflowFailException
            ``E_NOT_SHOWN`` or ``E_REVIEW`` if the answer does not count.
        """
        option = event["chosen_options"][0]
        if shown != self.shown:
            outcomes(_ask_again)(self.shown)
        if not outcomes(_record)(shown, option, _name(event["responded_by_user"])):
            raise undecided("left open, awaiting review")
        return _answered(shown, option)

    def refuse(self, shown: str) -> None:
        """Let the question of this task, and the one that Airflow shows, be asked by another run."""
        outcomes(_refuse)(self.shown, shown)


def _answered(shown: str, option: str) -> dict[str, str]:
    """Return an answer with what was shown; the task ends with it."""
    conclude(f"Answered: {option}.")
    return {"shown": shown, "answer": option}


def _name(user: Mapping[str, str] | None) -> str | None:
    return (user.get("name") or user["id"]) if user else None


def _is_open(shown: str) -> bool:
    from idh_tasks.pipelines.review import questions

    return questions.is_open(platform(Role.LINK), shown)


def _answer_of(shown: str) -> str | None:
    from idh_tasks.pipelines.review import questions

    return questions.answer_of(platform(Role.LINK), shown)


def _record(shown: str, option: str, user: str | None) -> bool:
    from idh_tasks.pipelines.review import answers

    return answers.record_answer(platform(Role.LINK), shown, option, user)


def _ask_again(shown: str) -> None:
    from idh_tasks.pipelines.review import questions

    questions.ask_again(platform(Role.LINK), shown)


def _refuse(*tokens: str) -> None:
    from idh_tasks.pipelines.review import questions

    questions.refuse_other_text(platform(Role.LINK), *tokens)
