"""Lets Airflow run one night, and waits for its end."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from rich.console import Console

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.errors import RunRefusedError
from idh_tasks.local.airflow import DAG_IDS
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.process import wait_until
from idh_tasks.local.progress import Stage, shown
from idh_tasks.pipelines.batches import cut
from idh_tasks.pipelines.operate.summary import progress
from idh_tasks.pipelines.platform import Platform

QUIET_S = 8.0
"""How long Airflow must be idle for the night to be over."""
LONGEST_S = 3 * 3600.0


def run_night(client: AirflowClient, platform: Platform, studies: int, console: Console) -> None:
    """Start `ingest_studies`, show the progress of all stages, and return when nothing is left to do.

    Raises
    ------
    RunRefusedError
        ``E_DEMO`` if the DAGs are not there, or one of the night's runs failed.
    """
    if not wait_until(lambda: client.dag_ids() == list(DAG_IDS), 120, pause_s=1):
        raise RunRefusedError(Code.E_DEMO, "the DAGs were not parsed; see .idh/logs/dag-processor.log")
    earlier = {run["dag_run_id"] for run in client.runs()}
    client.trigger("ingest_studies")
    with shown(console, stages(studies, platform.settings.learning.folds), progress(platform)) as show:
        _wait(client.idle, lambda: show(progress(platform)))
    _refuse_failures([run for run in client.runs() if run["dag_run_id"] not in earlier])


def stages(studies: int, folds: int) -> list[Stage]:
    """Return what is shown for this many studies."""
    batch = len(cut(["study"] * studies)[0]["ids"]) if studies else 1
    networks = len(MODEL_SEQUENCES)
    by_study = [Stage(name, studies, batch) for name in ("ingested", "linked", "preprocessed")]
    return [
        *by_study,
        Stage("folds", networks * folds, folds),
        Stage("predictions", networks * studies, networks * batch),
    ]


def _wait(idle: Callable[[], bool], show: Callable[[], None]) -> None:
    quiet_since, deadline = None, time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        show()
        now = time.monotonic()
        quiet_since = (quiet_since or now) if idle() else None
        if quiet_since and now - quiet_since > QUIET_S:
            break
        time.sleep(1)


def _refuse_failures(runs: Sequence[dict[str, Any]]) -> None:
    failed = sorted({run["dag_id"] for run in runs if run["state"] == "failed"})
    if failed:
        raise RunRefusedError(Code.E_DEMO, f"runs failed: {', '.join(failed)}; look at the UI")
