"""Airflow served below a path, such as https://host/airflow/: every address of ours begins with it."""

import re
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from idh_airflow.places import MOUNT
from idh_airflow.task_links import StudiesOfTask
from idh_airflow.ui import app
from idh_airflow.ui.app import pages
from idh_airflow.ui.rendering import render
from starlette.requests import Request

from idh_tasks.domain.review import ReviewKind
from idh_tasks.linkage import questions
from tests.access import CHANGES, READ, address
from tests.unit.plugins.test_login import BROWSER
from tests.unit.plugins.test_night_pages import QUIET, failed

BASE = "/airflow"
PAGE = f"https://host.test{BASE}/"
"""What Airflow states in its own page as the base of relative addresses."""


@pytest.fixture(params=[PAGE, PAGE.rstrip("/")])
def prefix(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Serve Airflow below a path, which the setting may or may not end with a slash."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", request.param)
    return BASE


@pytest.fixture
def client() -> TestClient:
    """Return a client of an application as Airflow makes it below a path, with our pages."""
    outer = FastAPI(root_path=BASE)
    outer.mount(MOUNT, pages)
    return TestClient(outer, follow_redirects=False)


def test_menu_icons_and_card_are_below_the_path(prefix: str) -> None:
    entries = app.menu_entries()
    assert {one["href"] for one in entries} >= {f"{prefix}/idh/", f"{prefix}/idh/studies/"}
    assert {one["icon"] for one in entries} == {f"{prefix}/idh/static/icon.svg"}
    assert app.card()["bundle_url"] == f"{prefix}/idh/static/dashboard.js"


def test_at_the_root_of_a_host_nothing_is_put_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://host.test")
    assert {one["href"] for one in app.menu_entries()} >= {"/idh/", "/idh/audit/"}


def test_a_task_leads_to_its_studies_below_the_path(prefix: str) -> None:
    task = SimpleNamespace(dag_id="ingest_studies", run_id="r", task_id="ingest_batch", map_index=0)
    assert StudiesOfTask().get_link(None, ti_key=task).startswith(f"{prefix}/idh/studies/?task=")


def test_the_picture_of_a_question_is_found_from_airflows_page() -> None:
    shown = questions.page(ReviewKind.AUTOMATIC_ROI, "s1", "e1", {questions.PICTURE: "x"}, ["accept"])
    [picture] = set(re.findall(r"\(([^()]*picture\.png)\)", shown.body))
    assert urljoin(PAGE, picture).startswith(f"https://host.test{BASE}/idh/review/")


@pytest.mark.parametrize("path", READ)
def test_the_login_leads_back_below_the_path(client: TestClient, path: str) -> None:
    answer = client.get(BASE + address(path), headers=BROWSER)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{BASE}/api/v2/auth/login?next=%2Fairflow%2Fidh%2F")


@pytest.mark.parametrize("path", CHANGES)
def test_a_change_is_received_below_the_path(client: TestClient, path: str) -> None:
    answer = client.post(BASE + address(path), headers={"Accept": "application/json"}, data=CHANGES[path].form)
    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["idh.css", "idh.js", "icon.svg", "dashboard.js"])
def test_static_files_are_served_below_the_path(client: TestClient, name: str) -> None:
    assert client.get(f"{BASE}{MOUNT}/static/{name}").status_code == 200


def test_a_page_has_no_address_outside_of_the_path() -> None:
    request = Request({"type": "http", "query_string": b"", "root_path": BASE + MOUNT, "headers": []})
    page = bytes(render(request, "tonight.html.j2", morning=QUIET, runs=failed(None), settings=[]).body).decode()
    absolute = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert [one for one in absolute if not one.startswith(f"{BASE}/")] == []
    assert f"{BASE}/dags/ingest_studies/runs/r" in absolute
    assert f"{BASE}/idh/static/idh.css" in absolute
