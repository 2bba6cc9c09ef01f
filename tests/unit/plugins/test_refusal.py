"""What a person reads when a request is refused, and what a program gets."""

from collections.abc import Iterator

import pytest
from airflow.api_fastapi.core_api.security import get_user
from fastapi import HTTPException
from fastapi.testclient import TestClient
from idh_airflow.ui.app import pages
from idh_airflow.ui.rights import Right

BROWSER, PROGRAM = {"Accept": "text/html"}, {"Accept": "application/json"}


class User:
    """Somebody who is logged in."""

    def get_name(self) -> str:
        return "mary"


def permit() -> None:
    """Let everybody do everything."""


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Return a client whose user may do everything."""
    for right in Right:
        pages.dependency_overrides[right.check] = permit
    yield TestClient(pages)
    pages.dependency_overrides.clear()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/studies/abc", "study id"),
        ("/cohort/labels/abc", "study id"),
        ("/models/runs/x", "run id"),
        ("/studies/?number=0", "number"),
    ],
)
def test_a_value_that_is_not_valid_is_named_in_a_sentence(client: TestClient, path: str, name: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 422
    assert f"This is not valid in the address or the form: {name}." in answer.text


def test_a_program_gets_the_details(client: TestClient) -> None:
    answer = client.get("/studies/abc", headers=PROGRAM)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["path", "study_id"]


@pytest.mark.parametrize(("kind", "said"), [("synthetic", True), ("clinical", False)])
def test_every_page_says_what_its_data_are(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, kind: str, said: bool
) -> None:
    monkeypatch.setenv("IDH_DATA_KIND", kind)
    text = client.get("/studies/abc", headers=BROWSER).text
    assert (f"The data on this page are {kind}." in text) == said


@pytest.mark.parametrize(
    ("manager", "said"),
    [
        ("airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager", "under Security, Users."),
        ("idh_airflow.local_login.LocalAuthManager", "log in as one whose role includes it."),
        ("a.hospitals.own.Manager", "An administrator can give you another role."),
    ],
)
def test_a_refusal_names_the_place_for_roles_of_the_auth_manager_in_use(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, manager: str, said: str
) -> None:
    def refuse() -> None:
        raise HTTPException(403, "no")

    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", manager)
    monkeypatch.setitem(pages.dependency_overrides, Right.VIEW.check, refuse)
    monkeypatch.setattr("idh_airflow.ui.refusal.reader", lambda _: "mary")
    answer = client.get("/held/", headers=BROWSER)
    assert answer.status_code == 403
    assert said in answer.text
    assert ("Security, Users" in answer.text) == ("Security, Users" in said)


def test_a_search_that_finds_no_study_shows_what_was_searched(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: None)
    monkeypatch.setattr("idh_tasks.pipelines.pages.lookup.find_studies", lambda *_: [])
    monkeypatch.setitem(pages.dependency_overrides, get_user, User)
    answer = client.post("/studies/find", data={"wanted": " A<b>123 "}, headers=BROWSER)
    assert answer.status_code == 404
    assert "No study here has the accession number or Study Instance UID “A&lt;b&gt;123”." in answer.text
