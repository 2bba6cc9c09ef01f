"""Looks up the answer to an earlier attempt of a question; only a trigger may ask Airflow for it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.hitl import get_hitl_detail_content_detail
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

SETTLED_S = 15.0
"""Seconds until the scheduler knows that the deferring process has ended; earlier, a resumed task counts as crashed."""


class EarlierAnswer(BaseTrigger):
    """Fires once, with the earlier answer, or with None if there is none.

    Parameters
    ----------
    instance_id
        Id of the task instance that asked.
    """

    def __init__(self, instance_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # airflow does not annotate it
        self.instance_id = instance_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer recreates this trigger."""
        return f"{__name__}.EarlierAnswer", {"instance_id": self.instance_id}

    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        """Wait until the scheduler also knows that the task is deferred, then look for the answer."""
        await asyncio.sleep(SETTLED_S)
        yield TriggerEvent({"answer": await sync_to_async(_earlier_answer)(self.instance_id)})


def _earlier_answer(instance_id: str) -> dict[str, Any] | None:
    try:
        answer = get_hitl_detail_content_detail(ti_id=UUID(instance_id))
    except AirflowRuntimeError:  # the earlier attempt ended before it asked
        return None
    return answer.model_dump(exclude={"response_received"}) if answer.response_received else None
