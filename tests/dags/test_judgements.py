"""What a reviewer decides on a page takes effect at once, also of a study that no report is about.

Of such a study no link changes, so that `link_pathology` announces nothing.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from airflow.dag_processing.dagbag import DagBag
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from idh_airflow.assets import JUDGEMENTS
from idh_airflow.ui import judgements, waiting
from idh_airflow.ui.app import pages

from idh_tasks.settings import ROOT

STUDY, QUESTION, WHY = "0" * 24, "0" * 32, {"reason": "ghosts"}
DECISIONS = {
    f"/studies/{STUDY}/exclude": WHY | {"fault": "motion"},
    f"/studies/{STUDY}/take-in": WHY,
    f"/review/{QUESTION}/reopen": WHY,
}


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the assets that the pages announce, while nothing is stored."""
    found: list[str] = []
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: None)
    for name in ("study_judgements.exclude", "study_judgements.take_in", "reopening.reopen"):
        monkeypatch.setattr(f"idh_tasks.pipelines.review.{name}", lambda *_: None)
    for page in (judgements, waiting):
        monkeypatch.setattr(page, "changed", lambda _, asset, **__: found.append(asset.name))
    return found


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Return a browser of Mary, who may do everything."""
    needed = [d.dependency for r in pages.routes if isinstance(r, APIRoute) for d in r.dependencies]
    overrides: dict[Any, Any] = {dependency: (lambda: None) for dependency in filter(None, needed)}
    overrides |= {get_user: lambda: SimpleNamespace(get_name=lambda: "mary"), _get_session: lambda: None}
    with pytest.MonkeyPatch.context() as patched:
        for dependency, replacement in overrides.items():
            patched.setitem(pages.dependency_overrides, dependency, replacement)
        yield TestClient(pages, follow_redirects=False)


@pytest.mark.parametrize("address", DECISIONS)
def test_a_decision_is_announced(address: str, client: TestClient, announced: list[str]) -> None:
    assert client.post(address, data=DECISIONS[address]).status_code == 303
    assert announced == [JUDGEMENTS.name]


def test_it_starts_what_derives_links_and_what_writes_documents() -> None:
    dags = DagBag(str(ROOT / "dags")).dags
    started = {name for name, dag in dags.items() if JUDGEMENTS.uri in str(dag.timetable.asset_condition)}
    assert started == {"link_pathology", "predict_studies"}
