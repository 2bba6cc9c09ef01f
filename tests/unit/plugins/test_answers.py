"""An answer is taken together with what Airflow showed, and is not lost if the task is attempted again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    TaskAwaitingInput,
    TaskDeferred,
)
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import CreateHITLDetailPayload, HITLDetailRequestResult
from idh_airflow.answers import HEARD, SHOWN, BoundQuestion
from idh_airflow.approval import COMMENT, NONE, PromotionApproval, approval_of
from idh_airflow.closing import SUMMARY

from idh_tasks.domain.approval import MOST_CHARACTERS, Approval

ASKED = UUID("01a20ffc-2f09-77f8-9291-0bd97e92b9c5")
MOMENT = datetime(2026, 11, 24, tzinfo=UTC)
ANSWER = {
    "chosen_options": ["yes"],
    "params_input": {},
    "responded_at": MOMENT,
    "responded_by_user": {"id": "7", "name": "mary"},
}


@dataclass(frozen=True)
class Instance:
    """The attributes of a task instance that the operator reads."""

    try_number: int = 1
    id: UUID = ASKED
    max_tries: int = 3


@dataclass
class State:
    """The state of a task, which outlives its attempts."""

    values: dict[str, Any] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        return self.values.get(key)

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


@dataclass
class Airflow:
    """Keeps the first text of a question, as Airflow 3.3 does."""

    stored: HITLDetailRequestResult | None = None

    def send(self, msg: CreateHITLDetailPayload) -> HITLDetailRequestResult:
        content = msg.model_dump(exclude={"type"})
        self.stored = self.stored or HITLDetailRequestResult(**content)
        return self.stored


class Question(BoundQuestion):
    """Returns what was answered, and to what."""

    def take(self, context: Any, event: dict[str, Any], shown: str) -> Any:
        return super().take(context, event, shown)["chosen_options"], shown

    def refuse(self, shown: str) -> None:
        raise AirflowFailException(f"{self.shown} is not {shown}")


def question(shown: str = "a") -> Question:
    return Question(task_id="ask", subject=f"is it {shown}?", options=["yes", "no"], shown=shown)


def context(try_number: int = 1, state: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"ti": Instance(try_number), "task_state_store": State(state or {})}


@pytest.fixture(autouse=True)
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    airflow = Airflow()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", airflow, raising=False)
    return airflow


def test_the_first_attempt_asks_and_remembers_what_is_shown() -> None:
    asking = context()
    with pytest.raises(TaskAwaitingInput) as waiting:
        question().execute(asking)
    assert waiting.value.method_name == "execute_complete"
    assert asking["task_state_store"].values == {SHOWN: "a"}


def test_an_answer_is_taken_for_what_was_shown_whatever_the_present_inputs_are() -> None:
    asking = context(state={SHOWN: "a"})
    assert question("b").execute_complete(asking, ANSWER) == (["yes"], "a")
    assert asking["task_state_store"].get(HEARD)["answered"] == MOMENT.timestamp()


def test_a_later_attempt_looks_for_an_earlier_answer_first() -> None:
    with pytest.raises(TaskDeferred) as deferred:
        question().execute(context(2))
    assert deferred.value.trigger.serialize()[1] == {"instance_id": str(ASKED)}
    assert deferred.value.method_name == "take_or_ask"


@pytest.mark.parametrize("event", [{"answer": ANSWER}, ANSWER], ids=["earlier", "in the meantime"])
def test_an_answer_that_was_not_dealt_with_is_taken(event: dict[str, Any]) -> None:
    assert question().take_or_ask(context(2, {SHOWN: "a"}), event) == (["yes"], "a")


@pytest.mark.parametrize("answer", [None, ANSWER], ids=["no answer", "dealt with"])
def test_otherwise_a_later_attempt_asks_again(answer: dict[str, Any] | None) -> None:
    with pytest.raises(TaskAwaitingInput):
        question().take_or_ask(context(2, {HEARD: {"answered": MOMENT.timestamp(), "tries": None}}), {"answer": answer})


def test_an_answer_is_taken_once_more_if_airflow_dropped_the_success_of_the_attempt_that_took_it() -> None:
    asking = context(state={SHOWN: "a"})
    question().execute_complete(asking, ANSWER)
    repeated = context(2, asking["task_state_store"].values)
    assert question().take_or_ask(repeated, {"answer": ANSWER}) == (["yes"], "a")


def test_cleared_after_its_success_a_question_is_asked_again() -> None:
    asking = context(state={SHOWN: "a"})
    question().execute_complete(asking, ANSWER)
    cleared = {"ti": Instance(2, max_tries=4), "task_state_store": asking["task_state_store"]}
    with pytest.raises(TaskAwaitingInput):
        question().take_or_ask(cleared, {"answer": ANSWER})


def test_an_answer_that_did_not_count_is_not_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AirflowFailException("E_NOT_SHOWN")

    asking = context(state={SHOWN: "a"})
    with monkeypatch.context() as patched:
        patched.setattr(Question, "take", refused)
        with pytest.raises(AirflowFailException):
            question().execute_complete(asking, ANSWER)
    with pytest.raises(TaskAwaitingInput):
        question().take_or_ask(context(2, asking["task_state_store"].values), {"answer": ANSWER})


def test_an_answer_that_could_not_be_recorded_for_now_is_taken_by_the_next_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asking = context(state={SHOWN: "a"})

    def unreachable(*_: object) -> None:
        raise AirflowException("E_DATABASE")

    monkeypatch.setattr(Question, "take", unreachable)
    with pytest.raises(AirflowException):
        question().execute_complete(asking, ANSWER)
    assert asking["task_state_store"].get(HEARD) is None


def test_another_text_than_the_present_one_is_closed_and_the_task_ends_with_the_reason() -> None:
    with pytest.raises(TaskAwaitingInput):
        question("a").execute(context())
    asking = context(2, {SHOWN: "a"})
    with pytest.raises(TaskDeferred) as deferred:
        question("b").take_or_ask(asking, {"answer": None})
    assert deferred.value.trigger.serialize()[1] == {"instance_id": str(ASKED), "option": "no"}
    with pytest.raises(AirflowFailException, match="b is not a"):
        question("b").refuse_closed(asking, {"responded_at": MOMENT})
    assert asking["task_state_store"].get(HEARD)["answered"] == MOMENT.timestamp()


def approval(shown: str) -> PromotionApproval:
    """Return the question about two eligible networks, as it is when Airflow runs it."""
    asked = PromotionApproval(
        task_id="approve", judgement={"eligible": {"T1": None, "ADC": "m"}}, subject="promote?", shown=shown
    )
    asked.pre_execute({})
    return asked


def answered(*chosen: str, comment: str | None = None) -> dict[str, Any]:
    given = {} if comment is None else {COMMENT: comment}
    return ANSWER | {"chosen_options": list(chosen), "params_input": given}


def test_the_eligible_sequences_are_the_options_and_there_is_room_for_a_comment(airflow: Airflow) -> None:
    with pytest.raises(TaskAwaitingInput):
        approval("j1").execute(context())
    assert airflow.stored is not None
    assert airflow.stored.options == ["T1", "ADC", NONE]
    assert airflow.stored.multiple
    assert airflow.stored.defaults is None, "nothing is chosen for the person"
    assert set(airflow.stored.params or {}) == {COMMENT}


@pytest.mark.parametrize(
    ("chosen", "comment", "expected"),
    [
        (("ADC",), " fits ", Approval("mary", "j1", frozenset({"ADC"}), "fits")),
        (("T1", "ADC"), None, Approval("mary", "j1", frozenset({"T1", "ADC"}))),
        ((NONE,), "too few mutants", Approval("mary", "j1", frozenset(), "too few mutants")),
        ((NONE, "T1"), None, Approval("mary", "j1", frozenset())),
    ],
    ids=["one", "all", "none", "contradiction"],
)
def test_an_approval_says_what_was_chosen_by_whom_and_why(
    chosen: tuple[str, ...], comment: str | None, expected: Approval
) -> None:
    event = answered(*chosen, comment=comment)
    assert approval_of(approval("j1").execute_complete(context(state={SHOWN: "j1"}), event)) == expected


def test_without_a_question_there_is_no_approval() -> None:
    assert approval_of("auto") is None


@pytest.mark.parametrize(
    ("chosen", "given"), [("FLAIR", {}), ("T1", {COMMENT: "x" * (MOST_CHARACTERS + 1)}), ("T1", {"reason": "x"})]
)
def test_an_answer_that_was_not_offered_is_not_taken(chosen: str, given: dict[str, str]) -> None:
    event = answered(chosen) | {"params_input": given}
    with pytest.raises(ValueError):
        approval("j1").execute_complete(context(state={SHOWN: "j1"}), event)


def test_an_approval_ends_with_what_was_chosen_in_one_sentence(pushed: dict[str, Any]) -> None:
    approval("j1").execute_complete(context(state={SHOWN: "j1"}), answered("T1", "ADC"))
    assert pushed == {SUMMARY: "Chosen: T1, ADC."}


def test_without_an_answer_in_time_nothing_is_approved_and_the_next_run_asks_again(pushed: dict[str, Any]) -> None:
    with pytest.raises(AirflowSkipException, match="nobody answered"):
        approval("j1").execute_complete(context(state={SHOWN: "j1"}), {"error": "late", "error_type": "timeout"})
    assert pushed == {SUMMARY: "Nothing decided: nobody answered in time, and the champions stay."}


def test_an_approval_of_one_judgement_does_not_count_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(judged: str, shown: str) -> None:
        raise AirflowFailException(f"E_NOT_SHOWN: {judged}, {shown}")

    monkeypatch.setattr("idh_airflow.approval._refuse", refuse)
    with pytest.raises(AirflowFailException, match="E_NOT_SHOWN: j2, j1"):
        approval("j2").execute_complete(context(state={SHOWN: "j1"}), answered("T1"))
