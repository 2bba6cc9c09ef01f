"""What a person reads when a request is refused, and what a program gets."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from idh_airflow.ui.app import pages
from idh_airflow.ui.rights import Right

BROWSER, PROGRAM = {"Accept": "text/html"}, {"Accept": "application/json"}


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
