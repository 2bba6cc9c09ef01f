"""The change feed of a real Orthanc starts ingest when a study is complete."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from airflow.sdk import Connection
from idh_airflow.triggers.stable_study import StableStudyTrigger

from idh_tasks.local import orthanc
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import wait_until
from idh_tasks.settings import ROOT
from tests.integration.test_pacs import send, study

pytestmark = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")


async def first_event(trigger: StableStudyTrigger, action: Callable[[], None]) -> dict[str, int]:
    """Return the payload of the first event after an action."""
    async with aclosing(trigger.run()) as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(1)
        await asyncio.to_thread(action)
        event = await asyncio.wait_for(waiting, 60)
    return cast("dict[str, int]", event.payload)


def is_at_rest(installation: Installation) -> bool:
    """Return whether all studies of the PACS have been complete for a while."""
    login = (orthanc.USER, installation.secrets["orthanc_password"])
    answer = httpx.get(f"{orthanc.address(installation)}/studies?expand", auth=login, timeout=60)
    return all(one["IsStable"] for one in answer.raise_for_status().json())


def test_n07_a_completed_study_fires_the_trigger_without_an_identifier(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connection(_: str) -> SimpleNamespace:
        password = installation.secrets["orthanc_password"]
        return SimpleNamespace(host=orthanc.address(installation), login=orthanc.USER, password=password)

    monkeypatch.setattr(Connection, "async_get", connection)
    pacs = orthanc.settings(installation)
    assert wait_until(lambda: is_at_rest(installation), 60)  # other tests have sent studies
    sent = study("1.2.826.0.1.999", 3)
    payload = asyncio.run(first_event(StableStudyTrigger("any", every_s=0.2), lambda: send(pacs, sent, tmp_path)))
    assert payload == {"stable_studies": 1}


def test_a_trigger_can_be_recreated_from_its_serialized_form() -> None:
    path, arguments = StableStudyTrigger("idh_pacs_changes", every_s=3).serialize()
    assert path == "idh_airflow.triggers.stable_study.StableStudyTrigger"
    assert StableStudyTrigger(**arguments).serialize() == (path, arguments)


def test_the_dag_waits_on_the_feed_if_a_connection_is_named() -> None:
    script = (
        "from idh_airflow.assets import ARRIVALS; import sys;"
        "sys.stdout.write(','.join(w.trigger.connection_id for w in ARRIVALS.watchers))"
    )
    environment = {"PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}", "IDH_PACS_CHANGES": "idh_pacs_changes"}
    completed = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    assert completed.stdout == "idh_pacs_changes"
