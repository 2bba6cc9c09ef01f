"""Each connection is tested on the real service: what works, and what a hospital gets wrong."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from idh_tasks.cli import app
from idh_tasks.codes import Code
from idh_tasks.db.checks import Outcome, SourceCheck
from idh_tasks.db.engine import Database
from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source
from idh_tasks.endpoints import DicomwebSettings, PacsSettings
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import orthanc, postgres, up
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import Login
from idh_tasks.pipelines.operate import check as checks
from idh_tasks.pipelines.operate.check import Open, check, record, record_request, record_settings
from idh_tasks.pipelines.pages.events import EventFilter, events
from idh_tasks.pipelines.pages.sources import sources
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings
from tests.database import run_sql
from tests.fhir_server import fhir_server
from tests.integration.test_pages import record_night
from tests.roles import login_url

needs_orthanc = pytest.mark.skipif(not orthanc.installed(), reason="Orthanc is not installed")


class OwnLogin(Platform):
    """A platform that logs in as its settings say, and not as the pipeline that calls."""

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url.get_secret_value())


@contextmanager
def silent() -> Iterator[int]:
    """Listen on a port, accept, and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def open_as(installation: Installation, platform: Platform) -> Open:
    assert platform  # emptied
    return lambda role: OwnLogin(up.settings(installation, role))


def changed(open_as: Open, **update: object) -> Open:
    def opened(role: Role) -> Platform:
        return OwnLogin(open_as(role).settings.model_copy(update=update))

    return opened


def settings(open_as: Open) -> Settings:
    return open_as(Role.INGEST).settings


@needs_orthanc
def test_an_installation_as_it_should_be_has_no_fault(open_as: Open, installation: Installation) -> None:
    with fhir_server() as server:
        whole = changed(open_as, fhir=server.settings, dicomweb=orthanc.dicomweb(installation))
        found = {source: check(whole, source, "environment") for source in Source}
    failed = {source: one.sentence for source, one in found.items() if one.outcome is not Outcome.OK}
    assert set(failed) <= ({"dicomweb"} if orthanc.dicomweb(installation) is None else set())
    assert found[Source.DB_TRAIN].sentence == f"Logged in as idh_train; the schema is at {Database.newest_version()}."
    assert found[Source.STORE].address.startswith(settings(open_as).store.endpoint)


def test_a_test_of_the_store_leaves_nothing_behind(open_as: Open, platform: Platform) -> None:
    before = {one.key for one in platform.store.listed("")}
    assert check(open_as, Source.STORE).outcome is Outcome.OK
    assert {one.key for one in platform.store.listed("")} == before


def test_a_connection_that_is_not_there_is_no_fault(open_as: Open) -> None:
    assert check(open_as, Source.FHIR).outcome is Outcome.ABSENT


@needs_orthanc
@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"called_aet": "OTHER"}, "another AE title; check `called_aet`"),
        ({"calling_aet": "STRANGER"}, "calling_aet"),
        ({"port": 1}, "check host, port, TLS and both AE titles"),
    ],
)
def test_a_wrong_entry_of_the_pacs_is_named(open_as: Open, update: dict[str, object], words: str) -> None:
    pacs = settings(open_as).pacs
    assert pacs is not None
    found = check(changed(open_as, pacs=pacs.model_copy(update=update)), Source.PACS)
    assert (found.outcome, found.code) == (Outcome.FAILED, Code.E_PACS)
    assert words in found.sentence


def test_a_pacs_that_does_not_answer_is_a_timeout(open_as: Open) -> None:
    with silent() as port:
        pacs = PacsSettings(host="127.0.0.1", port=port, called_aet="A", calling_aet="B", timeout_s=0.5)
        found = check(changed(open_as, pacs=pacs), Source.PACS)
    assert (found.code, found.sentence) == (Code.E_TIMEOUT, "The PACS did not answer within 0.5 s.")


def test_an_archive_that_does_not_answer_is_named(open_as: Open) -> None:
    with silent() as port:
        archive = DicomwebSettings(url=f"http://user:pw@127.0.0.1:{port}/dicom-web", timeout_s=0.5)
        found = check(changed(open_as, dicomweb=archive), Source.DICOMWEB)
    assert found.code is Code.E_DICOMWEB
    assert found.address == f"http://127.0.0.1:{port}/dicom-web"


@pytest.mark.parametrize(
    ("update", "code", "words"),
    [
        ({"secret_key": SecretStr("wrong")}, Code.E_STORE_AUTH, "secret key"),
        ({"access_key": "nobody"}, Code.E_STORE_AUTH, "access key"),
        ({"bucket": "no-such-bucket"}, Code.E_STORE_MISSING, "no-such-bucket"),
        ({"drop_bucket": "no-such-drop"}, Code.E_STORE_MISSING, "no-such-drop"),
        ({"endpoint": "http://127.0.0.1:1"}, Code.E_STORE, "EndpointConnectionError"),
    ],
)
def test_a_wrong_entry_of_the_store_is_named(
    open_as: Open, platform: Platform, update: dict[str, object], code: Code, words: str
) -> None:
    store = platform.settings.store.model_copy(update=update)  # of the administrator, who may see which buckets exist
    found = check(changed(open_as, store=store), Source.STORE)
    assert (found.outcome, found.code) == (Outcome.FAILED, code)
    assert words in found.sentence


def test_a_store_that_may_not_be_written_is_a_fault(open_as: Open, installation: Installation) -> None:
    from idh_tasks.local import seaweed
    from idh_tasks.local.store_identities import Identity

    found = check(changed(open_as, store=seaweed.settings(installation, Identity.PAGES)), Source.STORE)
    assert (found.outcome, found.code) == (Outcome.FAILED, Code.E_STORE_AUTH)


def test_the_laboratory_without_a_column_is_named(open_as: Open, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nsurgery_date = "op_datum"\n')
    found = check(changed(open_as, pathology_mapping=mapping), Source.PATHOLOGY)
    assert found.code is Code.E_SCHEMA
    assert found.sentence == "Columns are missing in the laboratory's view: op_datum."


def test_a_wrong_password_of_the_laboratory_is_named(open_as: Open, installation: Installation) -> None:
    url = postgres.url(installation, "laboratory", Login.LABORATORY)
    wrong = url.replace(installation.database_password(Login.LABORATORY), "wr0ng")
    found = check(changed(open_as, pathology_url=SecretStr(wrong)), Source.PATHOLOGY)
    assert found.code is Code.E_LABORATORY
    assert found.sentence.startswith("The laboratory's database refuses the login")
    assert "wr0ng" not in json.dumps(vars(found))


def test_a_laboratory_that_does_not_answer_costs_seconds_only(open_as: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "LIMIT_S", 0.5)
    with silent() as port:
        url = SecretStr(f"postgresql+psycopg2://u:pw@127.0.0.1:{port}/lab")
        found = check(changed(open_as, pathology_url=url), Source.PATHOLOGY)
    assert (found.code, found.address) == (Code.E_LABORATORY, f"127.0.0.1:{port}/lab: idh_results")
    assert found.sentence == "No answer within 0.5 s; check host, port and firewall."


def test_a_refused_token_of_the_fhir_server_is_named(open_as: Open) -> None:
    with fhir_server() as server:
        wrong = server.settings.model_copy(update={"token": SecretStr("old")})
        found = check(changed(open_as, fhir=wrong), Source.FHIR)
    assert found.code is Code.E_FHIR_AUTH


def test_a_login_of_another_role_is_named(open_as: Open) -> None:
    found = check(lambda _: open_as(Role.TRAIN), Source.DB_LINK)
    assert (found.code, found.sentence) == (Code.E_SCHEMA, "The login is idh_train; it must be idh_link.")


def test_a_wrong_password_of_the_database_is_named(open_as: Open, installation: Installation) -> None:
    url = settings(open_as).database_url.get_secret_value()
    wrong = url.replace(installation.database_password(Role.INGEST), "wr0ng")
    found = check(changed(open_as, database_url=SecretStr(wrong)), Source.DB_INGEST)
    assert found.code is Code.E_DATABASE
    assert found.sentence.startswith("The database refuses the login")


def test_an_older_schema_is_named(open_as: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "newest_version", staticmethod(lambda: "9999"))
    found = check(open_as, Source.DB_INGEST)
    assert found.code is Code.E_SCHEMA
    assert found.sentence.endswith("the code needs 9999: `idh migrate`.")


def test_another_pseudonym_key_is_refused(open_as: Open) -> None:
    assert check(open_as, Source.PSEUDONYM_KEY).outcome is Outcome.OK
    found = check(changed(open_as, pseudonym_key=SecretStr("x" * 40)), Source.PSEUDONYM_KEY)
    assert found.code is Code.E_KEY


def result(source: Source, code: Code | None = None) -> SourceCheck:
    outcome = Outcome.FAILED if code else Outcome.OK
    return SourceCheck(source, outcome, code, "A sentence.", 0.1, "host:1", "environment")


def test_the_page_shows_the_latest_test_and_the_latest_night(platform: Platform) -> None:
    record_night(platform, "pacs", new=1)
    with pytest.raises(RunRefusedError, match="E_PACS: pacs: A sentence"):
        record(platform, result(Source.PACS, Code.E_PACS))
    shown = {row.source: row for row in sources(platform, {}, []).rows}
    assert list(shown) == list(Source)
    pacs = shown[Source.PACS]
    assert pacs.check is not None
    assert pacs.reached is not None
    assert (pacs.check.code, pacs.reached.date()) == (Code.E_PACS, datetime.now(UTC).date())
    assert shown[Source.FHIR].check is None
    record(platform, result(Source.PACS))
    [row] = [row for row in sources(platform, {}, []).rows if row.source is Source.PACS]
    assert row.check is not None
    assert row.check.outcome is Outcome.OK


def test_the_settings_of_a_worker_are_shown_changed_ones_first(open_as: Open, platform: Platform) -> None:
    tried = changed(open_as, data_kind="synthetic")
    record_settings(platform, tried, {"IDH_WORKER": "default", "IDH_APPROVAL": "auto"})
    [worker] = sources(platform, {}, []).workers
    shown = {group.heading: group for group in worker.groups}
    assert worker.name == "default"
    assert [row.variable for row in shown["Schedules and approval"].rows if row.changed] == ["IDH_APPROVAL"]
    assert shown["Platform"].rows[0].changed
    assert ("IDH_DATA_KIND", "synthetic") in [(row.variable, row.value) for row in shown["Platform"].rows]
    assert "MLLP" not in shown
    stored = json.dumps(run_sql(platform, "SELECT settings FROM idh.worker_settings")[0][0])
    assert settings(open_as).pseudonym_key.get_secret_value() not in stored
    assert settings(open_as).store.secret_key.get_secret_value() not in stored


def test_bad_variables_of_a_worker_are_shown_and_turn_its_task_red(open_as: Open, platform: Platform) -> None:
    with pytest.raises(RunRefusedError, match="E_SETTINGS"):
        record_settings(platform, open_as, {"IDH_LEARNING__EPOCH": "3"})
    found = sources(platform, {"IDH_FOO": "1"}, ["IDH_BAR is not a setting."])
    assert [problem.split()[0] for problem in found.problems] == ["IDH_FOO", "IDH_LEARNING__EPOCH", "IDH_BAR"]
    assert found.workers == []


def test_who_had_a_source_tested_is_an_audit_event(platform: Platform) -> None:
    record_request(platform, [Source.PACS], "mary")
    [event] = events(platform, EventFilter(actor="mary"))
    assert (event.action, event.detail) == ("sources tested", {"sources": ["pacs"]})


@pytest.mark.parametrize(("access_key", "exit_code"), [(None, 0), ("nobody", 1)])
def test_idh_check_ends_with_1_if_something_does_not_work(
    open_as: Open, platform: Platform, monkeypatch: pytest.MonkeyPatch, access_key: str | None, exit_code: int
) -> None:
    own, store = settings(open_as), settings(open_as).store
    variables = {
        "IDH_DATABASE_URL": login_url(platform.settings.database_url.get_secret_value(), Role.INGEST),
        "IDH_PSEUDONYM_KEY": own.pseudonym_key.get_secret_value(),
        "IDH_STORE__ENDPOINT": store.endpoint,
        "IDH_STORE__ACCESS_KEY": access_key or store.access_key,
        "IDH_STORE__SECRET_KEY": store.secret_key.get_secret_value(),
        "IDH_STORE__DROP_BUCKET": store.drop_bucket,
        "IDH_STORE__PATHOLOGY_BUCKET": store.results_bucket,
        "IDH_STORE__BUCKET": store.bucket,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app.cli, ["check", "--json"])
    found = {one["source"]: one["outcome"] for one in map(json.loads, done.stdout.splitlines())}
    assert done.exit_code == exit_code
    assert found["store"] == ("failed" if access_key else "ok")
    assert found["pacs"] == "not configured"
    assert [source for source in found if source.startswith("db_")] == ["db_ingest"]
