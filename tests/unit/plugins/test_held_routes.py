"""Trying again from the page: single items, and everything with a code that is held now."""

from collections.abc import Iterator
from typing import Any

import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from fastapi import FastAPI
from fastapi.testclient import TestClient
from idh_airflow.assets import WORK
from idh_airflow.ui import held as page

from idh_tasks.codes import Code

HELD = {Code.E_DECODE: 3}
GIVEN_UP = {f"prepare {'0' * 24}"}


class User:
    """Somebody who is logged in."""

    def get_name(self) -> str:
        return "mary"


@pytest.fixture
def tried() -> list[tuple[Code, str]]:
    return []


@pytest.fixture
def woken() -> list[tuple[str, int]]:
    """Return the assets that the page announces, with the number of steps."""
    return []


@pytest.fixture
def client(
    tried: list[tuple[Code, str]], woken: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    def readmit_code(_platform: object, code: Code, user: str) -> int:
        tried.append((code, user))
        return HELD.get(code, 0)

    def retry(_platform: object, _user: str, *, names: list[str]) -> int:
        return len(GIVEN_UP & set(names))

    monkeypatch.setattr("idh_tasks.pipelines.operate.given_up.retry", retry)
    monkeypatch.setattr("idh_tasks.pipelines.operate.given_up.retry_all", lambda *_: len(GIVEN_UP))
    monkeypatch.setattr(page, "changed", lambda _, asset, **counts: woken.append((asset.name, counts["items"])))
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: None)
    monkeypatch.setattr("idh_tasks.pipelines.operate.readmission.readmit_code", readmit_code)
    app = FastAPI()
    app.include_router(page.router)
    routes: list[Any] = list(page.router.routes)
    app.dependency_overrides = {d.dependency: lambda: None for route in routes for d in route.dependencies}
    app.dependency_overrides |= {get_user: User, _get_session: lambda: None}
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


def test_everything_with_a_code_is_tried_again_in_the_name_of_the_user(
    client: TestClient, tried: list[tuple[Code, str]]
) -> None:
    answer = client.post("/held/readmit-code", data={"code": "E_DECODE"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/held/")
    assert tried == [(Code.E_DECODE, "mary")]


def test_a_code_with_which_nothing_is_held_is_refused(client: TestClient) -> None:
    answer = client.post("/held/readmit-code", data={"code": "E_ISSUER"})
    assert answer.status_code == 409
    assert "held with E_ISSUER now" in answer.text


def test_trying_again_without_a_choice_is_refused_in_a_sentence(client: TestClient) -> None:
    answer = client.post("/held/readmit")
    assert answer.status_code == 422
    assert answer.json() == {"detail": "nothing was chosen: tick at least one line of the list, then try again"}


@pytest.mark.parametrize("code", ["", "E_NOTHING", "%", "<b>"])
def test_what_is_no_code_is_refused(client: TestClient, tried: list[tuple[Code, str]], code: str) -> None:
    assert client.post("/held/readmit-code", data={"code": code}).status_code == 422
    assert tried == []


@pytest.mark.parametrize(("path", "form"), [("retry", {"work": [*GIVEN_UP, "prepare other"]}), ("retry-all", {})])
def test_what_was_given_up_is_tried_again_at_once(
    client: TestClient, woken: list[tuple[str, int]], path: str, form: dict[str, list[str]]
) -> None:
    answer = client.post(f"/held/{path}", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/held/#given-up")
    assert woken == [(WORK.name, 1)]


@pytest.mark.parametrize(("form", "status"), [({}, 422), ({"work": ["prepare other"]}, 409)])
def test_what_was_not_given_up_wakes_nothing(
    client: TestClient, woken: list[tuple[str, int]], form: dict[str, list[str]], status: int
) -> None:
    assert client.post("/held/retry", data=form).status_code == status
    assert woken == []
