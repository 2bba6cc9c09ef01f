"""The triggers of a question: one looks for an earlier answer, the other closes what nobody may answer any longer."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk.api.datamodels._generated import HITLDetailResponse, HITLUser
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse
from airflow.triggers.base import BaseTrigger
from idh_airflow.triggers import close_question, earlier_answer
from idh_airflow.triggers.close_question import CloseQuestion
from idh_airflow.triggers.earlier_answer import EarlierAnswer

from tests.unit.plugins.test_answers import ANSWER, ASKED, MOMENT

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
