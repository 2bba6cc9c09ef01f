"""What a whole night through Airflow leaves, with a kill -9 in the middle."""

import csv
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

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
from idh_tasks.local.demo import run_demo
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.local.process import Service, wait_until
from idh_tasks.local.store_identities import Identity
from idh_tasks.pipelines.ingest.night import ingest
from idh_tasks.pipelines.link import cases
from idh_tasks.pipelines.operate.summary import summarise
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess import batch
from tests.archives import readable
from tests.database import run_sql
from tests.e2e.night import LEARNED, PLAN, STATE, Night, promoted, rows

POST_EXECUTE, FAILED = "::group::Post Execute", "Task failed with exception"


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
    assert by_asset == set(airflow.DAG_IDS) - {"ingest_studies", "review_cases", "check_sources", "backfill_studies"}


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
        yield f"object:{item.key}", item.key.encode() + readable(item.key, night.platform.store.get(item.key))


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


def test_a_task_leads_to_the_studies_on_which_it_worked_and_their_pictures(night: Night) -> None:
    tasks = AirflowClient(night.installation).get(
        "/dags/preprocess_studies/dagRuns/~/taskInstances", task_id="preprocess_batch", state="success"
    )["task_instances"]
    run = f"/dags/preprocess_studies/dagRuns/{tasks[0]['dag_run_id']}/taskInstances/preprocess_batch/links"
    links = AirflowClient(night.installation).get(run, map_index=tasks[0]["map_index"])["extra_links"]
    assert list(links) == ["Studies"]
    listed = shown(night, links["Studies"].removeprefix("/idh/")).text
    studies = set(re.findall(r"studies/([0-9a-f]{24})", listed))
    assert studies
    for name in ("sheet", "slices-T1", "slices-outline", "patch-T1"):
        assert shown(night, f"studies/{min(studies)}/{name}.png").content.startswith(b"\x89PNG")
    made = shown(night, f"studies/{min(studies)}").text
    assert f"/dags/preprocess_studies/runs/{quote(tasks[0]['dag_run_id'])}/tasks/preprocess_batch/mapped/" in made
    assert len(set(re.findall(r"studies/([0-9a-f]{24})/sheet", shown(night, "sheets/").text))) == 12


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
    assert len(re.findall(r"<td>champion <span", shown(night, "models/").text)) == len(promoted(night))


def _shown(log: Path) -> list[dict[str, str]]:
    """Return what Airflow's page shows of the log of a step that has ended well: it folds away what comes after it."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    events = [line["event"] for line in lines]
    return lines[: events.index(POST_EXECUTE)] if POST_EXECUTE in events and FAILED not in events else []


def test_the_log_of_a_step_shows_no_error_and_ends_with_its_sentence(night: Night) -> None:
    logs = (night.installation.folder("airflow") / "logs").rglob("attempt=*.log")
    shown = {str(log): _shown(log) for log in logs if "task_id=ask" not in str(log)}
    done = {log: lines for log, lines in shown.items() if lines}
    assert len({re.findall(r"task_id=(\w+)", log)[0] for log in done}) > 10
    assert {log: lines[-1] for log, lines in done.items() if lines[-1].get("logger") != "idh_airflow.closing"} == {}
    assert [line for lines in done.values() for line in lines if line.get("level") in {"error", "critical"}] == []
