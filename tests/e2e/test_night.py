"""A whole night through Airflow on a small phantom cohort, with a kill -9 in the middle."""

import csv
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from idh_tasks.db.laboratory import fill_stand_in
from idh_tasks.domain.role import Role
from idh_tasks.local import airflow, postgres, seaweed, up
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.demo import DemoPlan, run_demo
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import Service, wait_until
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.ingest.night import ingest
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.operate.summary import Summary, progress, summarise
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess import batch
from tests.conftest import temporary_installation
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

    if wait_until(preprocessing, 600, pause_s=0.5):
        scheduler = Service(installation, "scheduler")
        pid = scheduler.pid()
        if pid is not None:
            os.killpg(pid, signal.SIGKILL)
            # Until the process has ended, it counts as running and is not started again.
            wait_until(lambda: scheduler.pid() is None, 30)
            killed.append(pid)
    up.up(installation, print)


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with temporary_installation() as installation, pytest.MonkeyPatch.context() as patched:
        for name in ("IDH_LEARNING__EPOCHS", "IDH_DATA_KIND", "IDH_APPROVAL"):
            patched.delenv(name, raising=False)
        yield _disturbed_night(installation)


def _disturbed_night(installation: Installation) -> Night:
    killed: list[int] = []
    killer = threading.Thread(target=kill_in_the_middle, args=(installation, killed))
    killer.start()
    summary = run_demo(installation, PLAN, Console())
    killer.join()
    assert killed, "nothing was killed: the night was too fast for the test"
    platform = Platform(up.settings(installation, Role.OWNER))
    cohort = installation.folder("demo") / f"phantom-{PLAN.patients}-{PLAN.mutants}-{PLAN.seed}"
    return Night(installation, platform, cohort, summary, rows(platform, STATE | LEARNED))


def test_every_delivery_has_an_outcome_and_every_stage_has_run(night: Night) -> None:
    assert night.summary.inbox == {"ingested": 12}
    assert night.summary.cases == {"mutant": 5, "wildtype": 7}
    assert night.summary.patches["RCBV W_MISSING_SEQUENCE"] == 1
    assert night.summary.patches["T1"] == 12
    assert len(night.summary.results) == 6
    assert all(len(folds) == 5 for folds in night.summary.folds.values())
    assert promoted(night)
    assert night.summary.predictions["predictions"] == sum(night.summary.patches[name] for name in promoted(night))


def test_the_dags_ran_in_airflow_chained_by_assets(night: Night) -> None:
    runs = AirflowClient(night.installation).runs()
    by_asset = {run["dag_id"] for run in runs if run["run_type"] == "asset_triggered" and run["state"] == "success"}
    assert by_asset == set(airflow.DAG_IDS) - {"ingest_studies", "review_cases"}


def test_a01_killing_the_scheduler_and_its_tasks_ends_in_the_same_state(night: Night) -> None:
    """Compare with the same pipelines, run without Airflow and without a kill on an empty database."""
    reference = _reference(night)
    ingest(reference)
    cases.link(reference)
    batch.preprocess(reference)
    assert rows(reference, STATE) == {name: night.state[name] for name in STATE}


def _reference(night: Night) -> Platform:
    administrator = postgres.url(night.installation, "postgres", Login.ADMINISTRATOR)
    engine = create_engine(administrator, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE reference OWNER {Role.OWNER.login}"))
    settings = night.platform.settings
    store = seaweed.settings(night.installation, Identity.ADMINISTRATOR).model_copy(update={"bucket": "idh-reference"})
    url = SecretStr(postgres.url(night.installation, "reference", Role.OWNER))
    platform = Platform(settings.model_copy(update={"store": store, "database_url": url}))
    platform.store.create()
    platform.database.migrate()
    return platform


def test_h02_no_process_of_the_night_may_leave_its_memory_in_a_core_file(night: Night) -> None:
    pids = {path.stem: int(path.read_text().split()[0]) for path in (night.installation.home / "run").glob("*.pid")}
    assert {"s3", "orthanc", "scheduler"} <= set(pids)
    # prlimit may not look at processes of other users.
    limits = {name: Path(f"/proc/{pid}/limits").read_text() for name, pid in pids.items()}
    assert [name for name, text in limits.items() if not re.search(r"^Max core file size +0 +0 ", text, re.M)] == []


def _occurs(marker: bytes, content: bytes) -> bool:
    """Return whether a marker occurs; eight digits inside a longer number, such as a UID, occur by chance."""
    if marker not in content:
        return False
    return not marker.isdigit() or re.search(rb"(?<!\d)" + marker + rb"(?!\d)", content) is not None


def _markers(night: Night) -> list[bytes]:
    with (night.cohort / "pathology.csv").open(newline="") as file:
        people = list(csv.DictReader(file))
    markers = set()
    for person in people:
        family = person["patient_name"].split("^")[0]
        born = person["birth_date"]
        markers |= {family, person["patient_id"], born, born.replace("-", ""), person["report_id"]}
    return [marker.encode() for marker in markers]


def _places(night: Night) -> Iterator[tuple[str, bytes]]:
    """Yield logs, reports and configuration; the tables of Airflow and of schema `idh`; the objects and their keys."""
    home = night.installation.home
    for path in (p for folder in ("logs", "airflow", "reports", "run") for p in (home / folder).rglob("*")):
        if path.is_file():
            yield f"file:{path}", path.read_bytes() + str(path).encode()
    for database, schema in (("airflow", "public"), ("idh", "idh")):
        yield from _tables(night.installation, database, schema)
    for item in night.platform.store.listed(""):
        yield f"object:{item.key}", item.key.encode() + night.platform.store.get(item.key)


def _tables(installation: Installation, database: str, schema: str) -> Iterator[tuple[str, bytes]]:
    url = postgres.url(installation, database, Login.ADMINISTRATOR)
    for (table,) in run_sql(url, "SELECT tablename FROM pg_tables WHERE schemaname = :schema", schema=schema):
        rows = run_sql(url, f'SELECT CAST(t AS text) FROM "{schema}"."{table}" AS t')
        yield f"{database}:{table}", "\n".join(row for (row,) in rows).encode()


def test_a06_a_second_night_changes_nothing_and_trains_nothing(
    night: Night, capsys: pytest.CaptureFixture[str]
) -> None:
    run_demo(night.installation, PLAN, Console())
    assert "Nothing was new" in capsys.readouterr().out
    assert rows(night.platform, STATE | LEARNED) == night.state
    assert airflow.healthy(night.installation)


@pytest.mark.parametrize("dag_id", airflow.DAG_IDS)
def test_airflow_dags_test_works_for_each(night: Night, dag_id: str) -> None:
    # A running scheduler would take over the tasks of the test run.
    Service(night.installation, "scheduler").stop()
    whole = airflow.environment(night.installation)
    env = {**os.environ, **airflow.environment_of(night.installation, "scheduler", whole)}
    done = subprocess.run(  # noqa: S603 - the command is ours
        airflow.command("dags", "test", dag_id), env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert rows(night.platform, STATE | LEARNED) == night.state


def test_a_question_waits_in_airflow_and_its_answer_moves_the_case(night: Night) -> None:
    up.up(night.installation, print)
    client, platform = AirflowClient(night.installation), night.platform
    with (night.cohort / "pathology.csv").open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["result"] == "positive")
    unclear = row | {"version": "2", "result": f"weakly so, says {row['patient_name']}"}
    fill_stand_in(up.laboratory(night.installation), [unclear])
    client.trigger("link_pathology")
    tasks = "/dags/review_cases/dagRuns/~/taskInstances"
    assert wait_until(lambda: client.get(tasks, state="awaiting_input")["total_entries"] == 1, 180, pause_s=1)
    assert summarise(platform).cases == {"mutant": 4, "wildtype": 7, "indeterminate": 1}

    [task] = client.get(tasks, state="awaiting_input")["task_instances"]
    question = f"/dags/review_cases/dagRuns/{task['dag_run_id']}/taskInstances/ask/{task['map_index']}/hitlDetails"
    asked = client.get(question)
    assert asked["options"] == ["mutant", "wildtype", "exclude", "leave open"]
    assert row["patient_name"].split("^")[0] not in str(asked)
    client.patch(question, {"chosen_options": ["mutant"]})
    assert wait_until(lambda: summarise(platform).cases == {"mutant": 5, "wildtype": 7}, 180, pause_s=1)
    assert run_sql(platform, "SELECT actor FROM idh.audit_event WHERE action = 'answered'") == [("admin",)]
    assert wait_until(client.idle, 180, pause_s=1)


def shown(night: Night, path: str) -> httpx.Response:
    """Return what a page of the plugin answers to the administrator; check that it refuses unauthenticated requests."""
    page = f"{airflow.base_url(night.installation)}/idh/{path}"
    assert httpx.get(page).status_code == httpx.codes.UNAUTHORIZED
    return httpx.get(page, headers={"Authorization": AirflowClient(night.installation).authorization})


def test_the_picture_of_an_outline_needs_a_login(night: Night) -> None:
    assert shown(night, f"outlines/{'0' * 24}.png").status_code == httpx.codes.NOT_FOUND


def test_the_quality_sheets_are_linked_from_the_task_that_drew_them(night: Night) -> None:
    tasks = AirflowClient(night.installation).get(
        "/dags/preprocess_studies/dagRuns/~/taskInstances", task_id="preprocess_batch", state="success"
    )["task_instances"]
    run = f"/dags/preprocess_studies/dagRuns/{tasks[0]['dag_run_id']}/taskInstances/preprocess_batch/links"
    links = AirflowClient(night.installation).get(run, map_index=tasks[0]["map_index"])["extra_links"]
    assert links == {"Quality sheets": "/idh/sheets/"}
    page = shown(night, "sheets/").text
    studies = set(re.findall(r'src="([0-9a-f]{24})\.png"', page))
    assert len(studies) == 12
    assert shown(night, f"sheets/{min(studies)}.png").content.startswith(b"\x89PNG")


def test_h02_no_identifier_is_found_outside_the_protected_schema(night: Night) -> None:
    markers = _markers(night)
    assert len(markers) > 40
    places = list(_places(night))
    assert {place.split(":")[0] for place, _ in places} == {"file", "airflow", "idh", "object"}
    hits = [(place, marker) for place, content in places for marker in markers if _occurs(marker, content)]
    assert hits == []
    protected = repr(rows(night.platform, {"phi": "SELECT * FROM phi.patient_identity"})).encode()
    assert all(marker in protected for marker in markers if marker.startswith(b"MRN")), "the scan would find them"


def test_the_pages_show_what_the_night_left(night: Night) -> None:
    assert f"<b>{PLAN.patients}</b><span>studies came</span>" in shown(night, "").text
    studies = set(re.findall(r"/idh/studies/([0-9a-f]{24})", shown(night, "studies/").text))
    assert len(studies) == PLAN.patients
    acquired = promoted(night) - {"RCBV"}
    page = shown(night, f"studies/{min(studies)}").text
    assert {name for name in acquired if f"{name}: probability of an IDH mutation" in page} == acquired
    assert shown(night, f"studies/{min(studies)}/sheet.png").content.startswith(b"\x89PNG")
    assert len(re.findall(r"<td>champion</td>", shown(night, "models/").text)) == len(promoted(night))
