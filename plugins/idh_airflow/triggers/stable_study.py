"""Watches the change feed of an Orthanc for complete studies."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from airflow.sdk import Connection
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

STABLE = "StableStudy"
PAGE = 100
TIMEOUT_S = 30.0


class StableStudyTrigger(BaseEventTrigger):
    """Fires when studies have become stable; the event contains their number and no identifier.

    Studies from before its start, or from while the archive is unreachable, are left to the nightly run.

    Parameters
    ----------
    connection_id
        An Airflow Connection whose host is the address of the archive, with login and password.
    every_s
        Seconds between two requests.
    """

    def __init__(self, connection_id: str, every_s: float = 10.0) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # airflow does not annotate it
        self.connection_id = connection_id
        self.every_s = every_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how the triggerer recreates this trigger."""
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {"connection_id": self.connection_id, "every_s": self.every_s}

    async def run(self) -> AsyncGenerator[TriggerEvent, None]:
        """Poll for changes without end, and fire for stable studies."""
        import httpx

        connection = await Connection.async_get(self.connection_id)
        login = (connection.login or "", connection.password or "")
        async with httpx.AsyncClient(base_url=connection.host or "", auth=login, timeout=TIMEOUT_S) as client:
            last: int | None = None
            while True:
                try:
                    stable, last = await self._changes(client, last)
                except httpx.HTTPError as error:
                    # The text of the error may contain addresses of patients' resources.
                    self.log.warning("the archive's change feed failed (%s)", type(error).__name__)
                    stable = 0
                if stable:
                    yield TriggerEvent({"stable_studies": stable})
                await asyncio.sleep(self.every_s)

    async def _changes(self, client: Any, last: int | None) -> tuple[int, int]:
        """Return how many studies have become stable since a change, and the number of the newest change."""
        if last is None:
            answer = await client.get("/changes", params={"last": ""})
            answer.raise_for_status()
            return 0, int(answer.json()["Last"])
        stable, done = 0, False
        while not done:
            answer = await client.get("/changes", params={"since": last, "limit": PAGE})
            answer.raise_for_status()
            page = answer.json()
            stable += sum(change["ChangeType"] == STABLE for change in page["Changes"])
            last, done = int(page["Last"]), bool(page["Done"])
        return stable, last
