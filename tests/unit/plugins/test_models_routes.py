"""The routes of the page of models: what a change needs, and what an address may name."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from idh_airflow.ui.app import pages

RUN = "0" * 24


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Return a browser of somebody who may do everything, without a database."""
    needed = [d.dependency for r in pages.routes if isinstance(r, APIRoute) for d in r.dependencies]
    with pytest.MonkeyPatch.context() as patched:
        for dependency in filter(None, needed):
            patched.setitem(pages.dependency_overrides, dependency, lambda: None)
        yield TestClient(pages)


@pytest.mark.parametrize(
    "path",
    ["..%2F..%2Fphi", "%2e%2e", f"{RUN}%00", RUN.upper() + "G", RUN[1:], f"{RUN}/secret.svg", f"{RUN}/..%2Freport.svg"],
)
def test_an_address_names_a_run_and_one_of_its_figures_and_nothing_else(client: TestClient, path: str) -> None:
    assert client.get(f"/models/runs/{path}").status_code in (404, 422)


def test_a_change_by_another_site_is_refused(client: TestClient) -> None:
    form = {"dag_run": "r", "shown": "d", "decision": "promote", "sequence": ["T1", "ADC"]}
    answer = client.post("/models/approve", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
