"""A Connection that exists only in Airflow's form reaches the hospital's system; the environment comes before it."""

import json
from collections.abc import Iterator
from typing import Any

import airflow.settings
import pytest
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb
from fastapi.testclient import TestClient

from idh_tasks.codes import Code
from idh_tasks.db.checks import Outcome, SourceCheck
from idh_tasks.settings import ROOT
from tests.fhir_server import TOKEN, fhir_server

NEEDED: dict[str, dict[str, Any]] = {
    "idh_db_link": {"conn_type": "postgres", "host": "127.0.0.1", "login": "idh_link", "schema": "idh"},
    "idh_store": {
        "conn_type": "idh_store",
        "login": "key",
        "password": "s",
        "extra": '{"endpoint": "http://127.0.0.1"}',
    },
}
"""Without which no task opens the platform."""


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[SourceCheck]]:
    """Yield what the tests of the sources record; no Connection of a test is left to the next one."""
    kept: list[SourceCheck] = []
    initdb()
    monkeypatch.setattr(airflow.settings, "DAGS_FOLDER", str(ROOT / "dags"))
    monkeypatch.setattr("idh_airflow.connections.recorder", lambda *_: None)
    monkeypatch.setattr("idh_tasks.pipelines.operate.check.record", lambda _, check: kept.append(check))
    monkeypatch.setattr("idh_tasks.pipelines.operate.check.record_settings", lambda *_: None)
    yield kept
    client, headers = caller()
    for name in ("idh_fhir", "idh_pacs"):
        client.delete(f"/api/v2/connections/{name}", headers=headers)


def caller() -> tuple[TestClient, dict[str, str]]:
    """Return a client of Airflow's API with the header of an administrator."""
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="mary", role="admin"))
    return TestClient(create_app(apps="core")), {"Authorization": f"Bearer {token}"}


def fill_in_form(name: str, content: dict[str, Any]) -> None:
    """Make a Connection as Airflow's form does."""
    client, headers = caller()
    client.delete(f"/api/v2/connections/{name}", headers=headers)
    made = client.post("/api/v2/connections", headers=headers, json={"connection_id": name, **content})
    assert made.status_code == 201, made.text


def run_test_of(source: str) -> None:
    done: Any = (
        DagBag(str(ROOT / "dags" / "check_sources.py")).dags["check_sources"].test(run_conf={"sources": [source]})
    )
    assert done.state == "success"


def test_a_connection_of_the_form_alone_works_and_the_environment_comes_before_it(
    found: list[SourceCheck], monkeypatch: pytest.MonkeyPatch
) -> None:
    with fhir_server() as server:
        laboratory = {"host": server.settings.url, "extra": json.dumps({"token": TOKEN, "page": 2, "tls_ca": None})}
        for name, content in (NEEDED | {"idh_fhir": {"conn_type": "idh_fhir", **laboratory}}).items():
            fill_in_form(name, content)
        run_test_of("fhir")
        assert [(check.outcome, check.origin) for check in found] == [(Outcome.OK, "Airflow")]
        assert len(server.requests) > 0
        elsewhere = {"conn_type": "idh_fhir", "host": "http://127.0.0.1:1/fhir"}
        monkeypatch.setenv("AIRFLOW_CONN_IDH_FHIR", json.dumps(elsewhere))
        before = len(server.requests)
        run_test_of("fhir")
    assert (found[-1].outcome, found[-1].origin) == (Outcome.FAILED, "environment")
    assert len(server.requests) == before


FAULTY: dict[str, dict[str, Any]] = {  # that extras are a JSON object is checked by the form
    "port is missing or not valid": {"port": 0},
    "calling_aet is missing or not valid": {"extra": json.dumps({"called_aet": "PACS", "calling_aet": "A" * 17})},
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_fault_of_the_form_is_named_by_the_test_of_its_source(found: list[SourceCheck], fault: str) -> None:
    titles = {"extra": json.dumps({"called_aet": "PACS", "calling_aet": "IDH"})}
    pacs = {"conn_type": "idh_pacs", "host": "127.0.0.1", "port": 104, **titles, **FAULTY[fault]}
    for name, content in (NEEDED | {"idh_db_ingest": NEEDED["idh_db_link"], "idh_pacs": pacs}).items():
        fill_in_form(name, content)
    run_test_of("pacs")
    [check] = found
    assert (check.outcome, check.code) == (Outcome.FAILED, Code.E_SETTINGS)
    assert check.sentence == f"Connection idh_pacs: {fault}."
