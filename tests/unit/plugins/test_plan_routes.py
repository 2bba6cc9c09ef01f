"""The plan is started and stopped from the page in the name of its user, and starting it wakes the DAG."""

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from fastapi import FastAPI
from fastapi.testclient import TestClient
from idh_airflow.assets import WORK
from idh_airflow.ui import plan as page

from idh_tasks.codes import Code
from idh_tasks.domain.again import Scope
from idh_tasks.errors import RunRefusedError

STUDIES = {Scope.ALL: 3, Scope.LABELLED: 0}
FORM = {"scope": "all", "version": "present"}


class User:
    """Somebody who is logged in."""

    def get_name(self) -> str:
        return "olga"


def start(_platform: object, scope: Scope, shown: str, operator: str) -> int:
    assert operator == "olga"
    if shown != "present":
        raise RunRefusedError(Code.E_NOT_SHOWN, "look at it again")
    return STUDIES[scope]


@pytest.fixture
def woken() -> list[tuple[str, int]]:
    """Return the assets that the page announces, with the number of studies."""
    return []


@pytest.fixture
def client(woken: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: None)
    monkeypatch.setattr("idh_tasks.pipelines.operate.making_again.start", start)
    monkeypatch.setattr("idh_tasks.pipelines.operate.making_again.stop", lambda _, user: len(user) if woken else 0)
    monkeypatch.setattr(page, "changed", lambda _, asset, **counts: woken.append((asset.name, counts["studies"])))
    app = FastAPI()
    app.include_router(page.router)
    routes: list[Any] = list(page.router.routes)
    app.dependency_overrides = {d.dependency: lambda: None for route in routes for d in route.dependencies}
    app.dependency_overrides |= {get_user: User, _get_session: lambda: None}
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


def test_starting_wakes_the_dag_and_it_can_be_stopped(client: TestClient, woken: list[tuple[str, int]]) -> None:
    answer = client.post("/plan/start", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/plan/")
    assert woken == [(WORK.name, 3)]
    assert client.post("/plan/stop").status_code == 303
    assert len(woken) == 1


@pytest.mark.parametrize(
    ("change", "status"), [({"scope": "labelled"}, 409), ({"version": "earlier"}, 409), ({"scope": "some"}, 422)]
)
def test_what_changes_nothing_is_refused_and_wakes_nothing(
    client: TestClient, woken: list[tuple[str, int]], change: dict[str, str], status: int
) -> None:
    assert client.post("/plan/start", data=FORM | change).status_code == status
    assert woken == []


def test_stopping_what_does_not_wait_is_refused(client: TestClient) -> None:
    assert client.post("/plan/stop").status_code == 409
