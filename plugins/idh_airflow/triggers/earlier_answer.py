"""Looks up what was answered to an earlier try of a question: only a trigger may ask Airflow for it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.hitl import get_hitl_detail_content_detail
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

SETTLED_S = 15.0
"""By then the process that deferred has ended, and the scheduler knows: a task resumed before counts as crashed."""


class EarlierAnswer(BaseTrigger):
    """Fires once, with the answer or with None.

    Parameters
    ----------
    instance_id
        Which task instance asked.
    """

    def __init__(self, instance_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # airflow does not annotate it
        self.instance_id = instance_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer builds this trigger again."""
        return f"{__name__}.EarlierAnswer", {"instance_id": self.instance_id}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait until the task has come to rest, and look."""
        await asyncio.sleep(SETTLED_S)
        yield TriggerEvent({"answer": await sync_to_async(_given)(self.instance_id)})


def _given(instance_id: str) -> dict[str, Any] | None:
    try:
        answer = get_hitl_detail_content_detail(ti_id=UUID(instance_id))
    except AirflowRuntimeError:  # the earlier try ended before it had asked
        return None
    return answer.model_dump(exclude={"response_received"}) if answer.response_received else None
