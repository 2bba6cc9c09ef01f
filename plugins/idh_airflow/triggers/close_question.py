"""Closes a question that must not be answered any more; only a trigger may write the answer."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.hitl import get_hitl_detail_content_detail, update_hitl_detail_response
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from idh_airflow.triggers import earlier_answer


class CloseQuestion(BaseTrigger):
    """Answers in nobody's name, unless a person was faster, and fires once with the time of the answer.

    Parameters
    ----------
    instance_id
        Id of the task instance whose question Airflow shows.
    option
        The answer that decides nothing.
    """

    def __init__(self, instance_id: str, option: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # airflow does not annotate it
        self.instance_id = instance_id
        self.option = option

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer recreates this trigger."""
        return f"{__name__}.CloseQuestion", {"instance_id": self.instance_id, "option": self.option}

    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        """Wait until the scheduler also knows that the task is deferred, then close the question."""
        await asyncio.sleep(earlier_answer.SETTLED_S)
        yield TriggerEvent({"responded_at": await sync_to_async(_close)(UUID(self.instance_id), self.option)})


def _close(instance_id: UUID, option: str) -> Any:
    try:
        return update_hitl_detail_response(ti_id=instance_id, chosen_options=[option], params_input={}).responded_at
    except AirflowRuntimeError:  # it has been answered
        return get_hitl_detail_content_detail(ti_id=instance_id).responded_at
