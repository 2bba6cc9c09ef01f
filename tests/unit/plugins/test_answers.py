"""An answer is not lost if it comes before Airflow has seen the asking process end."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.api.datamodels._generated import HITLDetailResponse, HITLUser
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType, TaskDeferred
from airflow.sdk.execution_time.comms import ErrorResponse
from idh_airflow.answers import KeepsAnswer
from idh_airflow.triggers import earlier_answer
from idh_airflow.triggers.earlier_answer import EarlierAnswer

RETRIES = 3
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

    try_number: int
    max_tries: int = RETRIES
    id: UUID = ASKED


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> KeepsAnswer:
    monkeypatch.setattr(HITLOperator, "execute", lambda *_: "asked")
    return KeepsAnswer(task_id="ask", subject="s", options=["yes", "no"], retries=RETRIES)


@pytest.mark.parametrize(
    "instance", [Instance(1), Instance(2, max_tries=1 + RETRIES)], ids=["first attempt", "cleared"]
)
def test_a_first_attempt_and_a_cleared_task_ask(operator: KeepsAnswer, instance: Instance) -> None:
    assert operator.execute({"ti": instance}) == "asked"


def test_a_retry_looks_for_an_earlier_answer_first(operator: KeepsAnswer) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute({"ti": Instance(2)})
    assert deferred.value.trigger.serialize()[1] == {"instance_id": str(ASKED)}
    assert deferred.value.method_name == "take_or_ask"


def test_an_earlier_answer_is_taken(operator: KeepsAnswer) -> None:
    assert operator.take_or_ask({}, {"answer": ANSWER}) == ANSWER


def test_a_question_without_an_earlier_answer_is_asked_again(operator: KeepsAnswer) -> None:
    assert operator.take_or_ask({}, {"answer": None}) == "asked"


async def _fired(monkeypatch: pytest.MonkeyPatch, reply: HITLDetailResponse | AirflowRuntimeError) -> Any:
    def detail(ti_id: UUID) -> HITLDetailResponse:
        assert ti_id == ASKED
        if isinstance(reply, AirflowRuntimeError):
            raise reply
        return reply

    monkeypatch.setattr(earlier_answer, "SETTLED_S", 0)
    monkeypatch.setattr(earlier_answer, "get_hitl_detail_content_detail", detail)
    return [event.payload async for event in EarlierAnswer(str(ASKED)).run()]


def test_the_trigger_fires_with_the_answer_and_its_author(monkeypatch: pytest.MonkeyPatch) -> None:
    user = HITLUser(id="7", name="mary")
    given = HITLDetailResponse(
        response_received=True, responded_by_user=user, responded_at=MOMENT, chosen_options=["yes"], params_input={}
    )
    assert asyncio.run(_fired(monkeypatch, given)) == [{"answer": ANSWER}]


NONE_YET = HITLDetailResponse(response_received=False, responded_at=None, chosen_options=None)
NEVER_ASKED = AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))


@pytest.mark.parametrize("reply", [NONE_YET, NEVER_ASKED], ids=["unanswered", "never asked"])
def test_the_trigger_fires_without_an_answer_if_there_is_none(monkeypatch: pytest.MonkeyPatch, reply: Any) -> None:
    assert asyncio.run(_fired(monkeypatch, reply)) == [{"answer": None}]


def test_the_triggerer_imports_the_trigger_by_its_path() -> None:
    assert EarlierAnswer(str(ASKED)).serialize()[0] == "idh_airflow.triggers.earlier_answer.EarlierAnswer"
