"""A whole night through Airflow on a small phantom cohort, with a kill -9 in the middle."""

import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from idh_tasks.domain.role import Role
from idh_tasks.local import up
from idh_tasks.local.demo import DemoPlan, run_demo
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service, wait_until
from idh_tasks.pipelines.operate.summary import Summary, progress
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql

PLAN = DemoPlan(cohort=None, patients=12, mutants=5, epochs=2)

STATE = {
    "inbox": "SELECT item_id, state, code, study_id FROM phi.inbox ORDER BY 1",
    "study": "SELECT study_id, revision, content_hash, roi_key FROM idh.study ORDER BY 1",
    "series": "SELECT study_id, series_id, sequence, object_key, sha256 FROM idh.series ORDER BY 1, 2",
    "case": "SELECT study_id, report_key, code, chosen FROM idh.case_link ORDER BY 1, 2",
    "patch": "SELECT patch_id, object_key, sha256, code FROM idh.patch ORDER BY 1",
}
LEARNED = {
    "model": "SELECT model_id, sequence, object_key, sha256, state FROM idh.model ORDER BY 1",
    "score": "SELECT * FROM idh.held_out_score ORDER BY 1, 2, 3, 4",
    "prediction": "SELECT patch_id, model_id, probability_mutant FROM idh.prediction ORDER BY 1, 2",
}
Rows = dict[str, list[tuple[object, ...]]]


@dataclass(frozen=True)
class Night:
    """What the first night left, in which the scheduler was killed."""

    installation: Installation
    platform: Platform
    cohort: Path
    summary: Summary
    state: Rows


def rows(platform: Platform, queries: dict[str, str]) -> Rows:
    """Return the rows of some queries by name."""
    return {name: run_sql(platform, sql) for name, sql in queries.items()}


def promoted(night: Night) -> set[str]:
    """Return the sequences with a champion; after two epochs on twelve patients, the gate may refuse some networks."""
    return {str(sequence) for _, sequence, _, _, state in night.state["model"] if state == "champion"}


def kill_in_the_middle(installation: Installation, killed: list[int]) -> None:
    """Kill the scheduler with all running tasks during preprocessing, then start it again."""
    platform = Platform(up.settings(installation, Role.MONITOR))

    def preprocessing() -> bool:
        try:
            return 0 < progress(platform)["preprocessed"] < PLAN.patients
        except Exception:  # the services may not be up yet
            return False

    if wait_until(preprocessing, 1200, pause_s=0.5):
        scheduler = Service(installation, "scheduler")
        pid = scheduler.pid()
        if pid is not None:
            os.killpg(pid, signal.SIGKILL)
            # Until the process has ended, it counts as running and is not started again.
            wait_until(lambda: scheduler.pid() is None, 30)
            killed.append(pid)
    up.up(installation, print)


def disturbed_night(installation: Installation) -> Night:
    """Run the demo, and kill the scheduler during preprocessing."""
    killed: list[int] = []
    killer = threading.Thread(target=kill_in_the_middle, args=(installation, killed))
    killer.start()
    summary = run_demo(installation, PLAN, Console())
    killer.join()
    assert killed, "nothing was killed: the night was too fast for the test"
    platform = Platform(up.settings(installation, Role.OWNER))
    cohort = installation.folder("demo") / f"phantom-{PLAN.patients}-{PLAN.mutants}-{PLAN.seed}"
    return Night(installation, platform, cohort, summary, rows(platform, STATE | LEARNED))
