"""An answer is taken together with what Airflow showed, and is not lost if the task is attempted again."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk.api.datamodels._generated import HITLDetailResponse, HITLUser
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRuntimeError,
    ErrorType,
    TaskAwaitingInput,
    TaskDeferred,
)
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import CreateHITLDetailPayload, ErrorResponse, HITLDetailRequestResult
from airflow.triggers.base import BaseTrigger
from idh_airflow.answers import HEARD, SHOWN, BoundQuestion
from idh_airflow.approval import PromotionApproval, approval_of
from idh_airflow.triggers import close_question, earlier_answer
from idh_airflow.triggers.close_question import CloseQuestion
from idh_airflow.triggers.earlier_answer import EarlierAnswer

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
    assert asking["task_state_store"].get(HEARD) == MOMENT.timestamp()


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
        question().take_or_ask(context(2, {HEARD: MOMENT.timestamp()}), {"answer": answer})


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
    assert asking["task_state_store"].get(HEARD) == MOMENT.timestamp()


def approval(shown: str) -> PromotionApproval:
    return PromotionApproval(task_id="approve", subject="promote?", shown=shown, defaults=PromotionApproval.REJECT)


def test_an_approval_carries_what_was_approved() -> None:
    approved = approval("j1").execute_complete(context(state={SHOWN: "j1"}), ANSWER | {"chosen_options": ["Approve"]})
    assert approval_of(approved) == {"actor": "mary", "approved": "j1"}
    assert approval_of("auto") == {"actor": "auto", "approved": None}


def test_an_approval_of_one_judgement_does_not_count_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(judged: str, shown: str) -> None:
        raise AirflowFailException(f"E_NOT_SHOWN: {judged}, {shown}")

    monkeypatch.setattr("idh_airflow.approval._refuse", refuse)
    with pytest.raises(AirflowFailException, match="E_NOT_SHOWN: j2, j1"):
        approval("j2").execute_complete(context(state={SHOWN: "j1"}), ANSWER | {"chosen_options": ["Approve"]})


GIVEN = HITLDetailResponse(
    response_received=True,
    responded_by_user=HITLUser(id="7", name="mary"),
    responded_at=MOMENT,
    chosen_options=["yes"],
    params_input={},
)
NONE_YET = HITLDetailResponse(response_received=False, responded_at=None, chosen_options=None)
REFUSED = AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
Reply = HITLDetailResponse | AirflowRuntimeError


async def _fired(trigger: BaseTrigger) -> Any:
    return [event.payload async for event in trigger.run()]


def fired(monkeypatch: pytest.MonkeyPatch, trigger: BaseTrigger, read: Reply, write: Reply = REFUSED) -> Any:
    """Return what a trigger fires with, if Airflow replies like this."""

    def replies(reply: Reply) -> Any:
        def reply_to(ti_id: UUID, **_: object) -> HITLDetailResponse:
            assert ti_id == ASKED
            if isinstance(reply, AirflowRuntimeError):
                raise reply
            return reply

        return reply_to

    monkeypatch.setattr(earlier_answer, "SETTLED_S", 0)
    for module in (earlier_answer, close_question):
        monkeypatch.setattr(module, "get_hitl_detail_content_detail", replies(read))
    monkeypatch.setattr(close_question, "update_hitl_detail_response", replies(write))
    return asyncio.run(_fired(trigger))


def test_the_trigger_fires_with_the_answer_and_its_author(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fired(monkeypatch, EarlierAnswer(str(ASKED)), GIVEN) == [{"answer": ANSWER}]


@pytest.mark.parametrize("reply", [NONE_YET, REFUSED], ids=["unanswered", "never asked"])
def test_the_trigger_fires_without_an_answer_if_there_is_none(monkeypatch: pytest.MonkeyPatch, reply: Reply) -> None:
    assert fired(monkeypatch, EarlierAnswer(str(ASKED)), reply) == [{"answer": None}]


@pytest.mark.parametrize("write", [GIVEN, REFUSED], ids=["closed", "a person was faster"])
def test_closing_a_question_fires_with_the_time_of_the_answer(monkeypatch: pytest.MonkeyPatch, write: Reply) -> None:
    assert fired(monkeypatch, CloseQuestion(str(ASKED), "no"), GIVEN, write) == [{"responded_at": MOMENT}]


@pytest.mark.parametrize("trigger", [EarlierAnswer(str(ASKED)), CloseQuestion(str(ASKED), "no")])
def test_the_triggerer_imports_a_trigger_by_its_path(trigger: BaseTrigger) -> None:
    assert trigger.serialize()[0] == f"{type(trigger).__module__}.{type(trigger).__name__}"
