"""The page of sources: what it shows before, during and after a test, and how a test is started."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from fastapi import FastAPI
from fastapi.testclient import TestClient
from idh_airflow.ui import sources as page
from idh_airflow.ui.rights import Right
from idh_airflow.ui.runs import StageRun

from idh_tasks.codes import Code
from idh_tasks.db.checks import Outcome
from idh_tasks.domain.source import Source
from idh_tasks.pipelines.pages.sources import LastCheck, SettingGroup, SettingRow, SourceRow, Sources, Worker

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
RUN = StageRun("check_sources", "check_sources", "manual__1", "success", NOW, None, paused=False)
FAILED = LastCheck(
    Source.PACS,
    Outcome.FAILED,
    Code.E_PACS,
    "The <b>PACS</b> is away.",
    1.23,
    "A at h:104",
    "environment",
    NOW,
    YESTERDAY,
)
ROWS = [SourceRow(source, FAILED if source is Source.PACS else None, None) for source in Source]
EPOCHS = SettingRow(
    "IDH_LEARNING__EPOCHS",
    "3",
    "500",
    changed=True,
    meaning="Epochs per network.",
    unit="epochs",
    origin="environment",
)
WORDS = {"table": "studies", "decision": "include", "kind": "head", "field": "text", "words": "cmrt, schadel*"}
WORKER = Worker("default", NOW, [SettingGroup("Learning", [EPOCHS], 1)], [WORDS])


class User:
    """Somebody who is logged in."""

    def get_name(self) -> str:
        return "mary"


@dataclass
class Shown:
    """What the page finds, and what it starts."""

    run: StageRun = RUN
    found: Sources = field(default_factory=lambda: Sources(ROWS, [], [WORKER]))
    started: list[tuple[str, str, list[Source]]] = field(default_factory=list)
    audited: list[str] = field(default_factory=list)
    made: set[str] = field(default_factory=set)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    state = Shown()

    def start(_session: object, dag_id: str, user: str, sources: list[Source]) -> None:
        state.started.append((dag_id, user, sources))

    monkeypatch.setattr(Right, "is_held_by_reader_of", lambda *_: True)
    monkeypatch.setattr(page, "latest_run", lambda *_: state.run)
    monkeypatch.setattr(page, "refused_settings", lambda _: [])
    monkeypatch.setattr(page, "started", start)
    monkeypatch.setattr(page, "made_in_airflow", lambda _: state.made)
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: None)
    monkeypatch.setattr("idh_tasks.pipelines.pages.sources.sources", lambda *_: state.found)
    monkeypatch.setattr(
        "idh_tasks.pipelines.operate.check.record_request", lambda _platform, _sources, user: state.audited.append(user)
    )
    return state


@pytest.fixture
def client(shown: Shown) -> Iterator[TestClient]:
    assert shown
    app = FastAPI()
    app.include_router(page.router)
    app.dependency_overrides = {_get_session: lambda: None, get_user: User}
    routes: list[Any] = list(page.router.routes)
    app.dependency_overrides |= {d.dependency: lambda: None for route in routes for d in route.dependencies}
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


def test_a_failed_test_shows_sentence_code_and_remedy_as_text(client: TestClient) -> None:
    text = client.get("/sources/").text
    assert "The &lt;b&gt;PACS&lt;/b&gt; is away." in text
    assert "E_PACS" in text
    assert Code.E_PACS.remedy.split(".")[0].replace("'", "&#39;") in text
    assert "idh_db_predict" in text
    assert "2026-02-28 02:30" in text, "when it last worked"


def test_a_connection_of_the_form_that_is_not_used_is_named(client: TestClient, shown: Shown) -> None:
    unused = "the one made in Airflow is not used"
    assert unused not in client.get("/sources/").text
    shown.made = {Source.PACS.connection, Source.FHIR.connection}
    assert client.get("/sources/").text.count(unused) == 1


def test_changed_settings_stand_beside_their_default_with_the_name_of_the_worker(client: TestClient) -> None:
    text = client.get("/sources/").text
    assert "worker <code>default</code>" in text
    assert "1 of 1 changed" in text
    assert "<td>3 <small>epochs</small></td><td>500</td><td>environment</td>" in text


def test_the_words_by_which_studies_are_picked_up_are_those_of_the_worker(client: TestClient) -> None:
    text = client.get("/sources/").text
    assert 'id="words"' in text
    assert "<td>include</td><td>head</td><td>text</td><td>cmrt, schadel*</td>" in text


def test_while_a_test_runs_the_page_refreshes_itself_and_has_no_button(client: TestClient, shown: Shown) -> None:
    assert "Refresh" not in client.get("/sources/").headers
    assert client.get("/sources/").text.count("<button") == len(Source) + 1
    shown.run = StageRun("check_sources", "check_sources", "manual__2", "running", NOW, None, paused=False)
    answer = client.get("/sources/")
    assert answer.headers["Refresh"] == "3"
    assert "Testing …" in answer.text
    assert "<button" not in answer.text


def test_before_the_first_test_the_page_says_what_will_be_here(client: TestClient, shown: Shown) -> None:
    shown.run = StageRun("check_sources", "check_sources", None, "never run", None, None, paused=True)
    shown.found = Sources([SourceRow(Source.PACS, None, None)], ["IDH_FOO is not a setting."], [])
    text = client.get("/sources/").text
    assert "Nothing has been tested yet." in text
    assert "paused" in text
    assert "IDH_FOO is not a setting." in text
    assert "fills this table" in text


@pytest.mark.parametrize(("source", "tested"), [("pacs", [Source.PACS]), ("all", list(Source))])
def test_a_test_is_started_in_the_name_of_the_user(
    client: TestClient, shown: Shown, source: str, tested: list[Source]
) -> None:
    assert client.post("/sources/test", data={"source": source}).status_code == 303
    assert shown.started == [("check_sources", "mary", tested)]
    assert shown.audited == ["mary"]


def test_a_second_test_is_not_started_while_one_runs(client: TestClient, shown: Shown) -> None:
    shown.run = StageRun("check_sources", "check_sources", "manual__2", "queued", NOW, None, paused=False)
    assert client.post("/sources/test", data={"source": "all"}).status_code == 303
    assert (shown.started, shown.audited) == ([], [])


@pytest.mark.parametrize("data", [{}, {"source": "nonsense"}])
def test_an_unknown_source_is_refused(client: TestClient, shown: Shown, data: dict[str, str]) -> None:
    assert client.post("/sources/test", data=data).status_code == 422
    assert shown.started == []
