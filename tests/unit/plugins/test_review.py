"""A question in the UI: an answer is recorded with its author; without an answer the question stays open."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from idh_airflow import review
from idh_airflow.closing import SUMMARY
from idh_airflow.review import ReviewOperator

ASKED = {"subject": "s", "options": ["mutant", "wildtype", "leave open"], "defaults": "leave open"}


def event(option: str, user: dict[str, str] | None) -> dict[str, Any]:
    moment = datetime(2026, 11, 24, tzinfo=UTC)
    return {"chosen_options": [option], "params_input": {}, "responded_at": moment, "responded_by_user": user}


class State(dict[str, Any]):
    """The state of a task."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def context(shown: str = "r1:a") -> dict[str, Any]:
    return {"task_state_store": State(shown=shown), "ti": SimpleNamespace(try_number=1, max_tries=3)}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str | None]]:
    answers: list[tuple[str, str, str | None]] = []

    def record(shown: str, option: str, user: str | None) -> bool:
        answers.append((shown, option, user))
        return user is not None and option != "leave open"

    monkeypatch.setattr(review, "_record", record)
    return answers


def test_an_answer_is_recorded_with_its_author(recorded: list[tuple[str, str, str | None]]) -> None:
    operator = ReviewOperator(task_id="ask", shown="r1:a", **ASKED)
    result = operator.execute_complete(context(), event("mutant", {"id": "7", "name": "mary"}))
    assert result == {"shown": "r1:a", "answer": "mutant"}
    assert recorded == [("r1:a", "mutant", "mary")]


@pytest.mark.parametrize("user", [None, {"id": "7", "name": "mary"}])
def test_a_question_that_nobody_answers_or_that_is_left_open_ends_as_skipped(
    recorded: list[tuple[str, str, str | None]], user: dict[str, str] | None
) -> None:
    operator = ReviewOperator(task_id="ask", shown="r1:a", **ASKED)
    with pytest.raises(AirflowSkipException, match="awaiting review"):
        operator.execute_complete(context(), event("leave open", user))
    assert recorded == [("r1:a", "leave open", user["name"] if user else None)]


@pytest.mark.usefixtures("recorded")
def test_a_question_ends_with_the_answer_in_one_sentence(pushed: dict[str, Any]) -> None:
    ReviewOperator(task_id="ask", shown="r1:a", **ASKED).execute_complete(context(), event("mutant", {"id": "7"}))
    assert pushed == {SUMMARY: "Answered: mutant."}


@pytest.mark.usefixtures("recorded")
def test_a_question_without_an_answer_ends_with_what_that_means(pushed: dict[str, Any]) -> None:
    with pytest.raises(AirflowSkipException):
        ReviewOperator(task_id="ask", shown="r1:a", **ASKED).execute_complete(context(), event("leave open", None))
    left_open = "Nothing decided: left open, awaiting review."
    assert pushed == {SUMMARY: left_open}


def test_an_answer_is_recorded_for_the_question_that_was_shown_and_the_present_one_is_asked_again(
    recorded: list[tuple[str, str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    again: list[str] = []
    monkeypatch.setattr(review, "_ask_again", again.append)
    operator = ReviewOperator(task_id="ask", shown="r2:b", **ASKED)
    operator.execute_complete(context(), event("mutant", {"id": "7", "name": "mary"}))
    assert recorded == [("r1:a", "mutant", "mary")]
    assert again == ["r2:b"]


def test_a_question_that_was_answered_meanwhile_ends_as_a_success_which_announces_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(review, "_answer_of", {"r1:a": "wildtype"}.get)
    operator = ReviewOperator(task_id="ask", shown="r1:a", **ASKED)
    assert operator.execute(context()) == {"shown": "r1:a", "answer": "wildtype"}


def test_a_question_that_no_longer_arises_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review, "_answer_of", {}.get)
    monkeypatch.setattr(review, "_is_open", lambda _: False)
    with pytest.raises(AirflowSkipException, match="no longer arises"):
        ReviewOperator(task_id="ask", shown="r1:a", **ASKED).execute(context())
