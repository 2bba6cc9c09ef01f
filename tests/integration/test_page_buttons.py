"""A page offers exactly what its reader may do: what would be refused is not shown, and nothing else is missing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.common.db.common import _get_session
from airflow.api_fastapi.core_api.security import get_user
from fastapi.testclient import TestClient
from idh_airflow.local_login import LocalAuthManager
from idh_airflow.places import MOUNT
from idh_airflow.roles import UserRole
from idh_airflow.ui import approvals, questions, sources, tonight
from idh_airflow.ui.app import pages
from idh_airflow.ui.approvals import ApprovalQuestion
from idh_airflow.ui.rights import Right
from idh_airflow.ui.runs import StageRun

from idh_tasks.pipelines.platform import Platform
from tests.access import CHANGES, HOLDERS, PARAMETERS, READ, ROUTES
from tests.database import run_sql
from tests.history import fill

FORBIDDEN = 403
NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDLE = StageRun("check_sources", "check_sources", "r", "success", NOW, None, paused=False)
QUESTION = ApprovalQuestion("r", ["ADC"], "`digest`", NOW, waits=True, answered_by=None, answered_at=None)
ASKED = questions.Asked("r", 0)
RUN_ID = PARAMETERS["run_id"]
CHALLENGER = """
INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version, state)
VALUES (:run_id, 'dataset', '{}', '', 'evaluated');
INSERT INTO idh.sequence_result (run_id, sequence, n, mutants, auc) VALUES (:run_id, 'ADC', 100, 17, 0.9),
    (:run_id, 'T2', 100, 17, 0.7);
INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256, state, promoted_at)
VALUES ('challenger', :run_id, 'ADC', '', '', 'challenger', NULL), ('earlier', :run_id, 'T2', '', '', 'retired', now());
INSERT INTO idh.judgement (run_id, sequence, accepted, verdict, compared, changed, relabelled, digest)
VALUES (:run_id, 'ADC', true, 'better', 100, 2, 0, 'digest')
"""


class Offers(HTMLParser):
    """The changes that a page offers by a form with a button, and the pages to which it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.changes: set[str] = set()
        self.links: list[str] = []
        self._action: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._action = given.get("action") if given.get("method") == "post" else None
        if tag == "a" and (address := given.get("href")):
            self.links.append(address)
        if tag == "button" and self._action and given.get("type") != "button":
            self.changes.add(self._action)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = None


Names = Mapping[str, str]
"""The parameters of routes, by name."""
REPORTED = "SELECT review_id FROM idh.review WHERE kind = 'unclear_result' AND (answer IS NULL) = :waits LIMIT 1"
EXCLUDED = """
INSERT INTO idh.study_exclusion (study_id, fault, reason, excluded_by)
SELECT study_id, 'motion', 'ghosts', 'mary' FROM idh.study WHERE study_id <> :study_id LIMIT 1
RETURNING study_id
"""
SUBMITTED = """
INSERT INTO idh.submitted_outline (study_id, sha256, object_key, submitted_by)
VALUES (:study_id, 'digest', 'outlines/digest', 'mary')
"""
NAMED = """
INSERT INTO idh.review (kind, subject, evidence, person_key, detail, options, answer, answered_by, answered_at)
SELECT 'series_name', s.series_id, 'e', t.patient_key,
    jsonb_build_object('study', study_id, 'evidence', ' → T1; a doubt'), '{T1}', 'T1', 'mary', now()
FROM idh.series AS s JOIN idh.study AS t USING (study_id) WHERE study_id = :study_id AND s.series_id = 'T1'
RETURNING review_id
"""
PLANNED = """
UPDATE idh.preparation SET settings_hash = 'earlier', labelled = study_id < '8' WHERE NOT after_surgery;
SELECT idh.note_work('prepare', ARRAY[:study_id, 'unknown'], 1);
UPDATE idh.due_work SET code = 'E_KILLED', reason = 'a reason' WHERE item = 'unknown'
"""
RULES = """
UPDATE idh.series SET protocol = 'p', physics = '{"tr": 600, "te": 10, "ti": 0, "permitted": ["T1"], "may_be": []}'
WHERE study_id = :study_id AND series_id = 'T1';
UPDATE idh.series SET protocol = 'q', confidence = 'low', evidence = ' → T2; a doubt',
    physics = '{"tr": 0, "te": 0, "ti": 0, "permitted": ["T1"], "may_be": []}'
WHERE study_id = :study_id AND series_id = 'T2';
WITH made AS (
    INSERT INTO idh.series_rule (review_id, protocol, manufacturer, doubt, tr, te, ti, sequence, proposed_by)
    SELECT '', 'q', 'SIEMENS', 'T2; a doubt', 0, 0, 0, 'T1', 'mary' FROM generate_series(1, 2)
    RETURNING rule_id
)
INSERT INTO idh.series_rule_state (rule_id, version, state, stated_by)
SELECT rule_id, 1, CASE rank() OVER (ORDER BY rule_id) WHEN 1 THEN 'proposed' ELSE 'active' END, 'mary' FROM made
"""


@pytest.fixture
def shown(platform: Platform) -> list[Names]:
    """Fill the platform so that every button has something to act on: questions and studies in both of their states."""
    study_id = fill(platform, 60)["study_id"]
    run_sql(platform, CHALLENGER, run_id=RUN_ID)
    [(excluded,)] = run_sql(platform, EXCLUDED, study_id=study_id)
    run_sql(platform, SUBMITTED, study_id=study_id)
    [(waiting,)], [(answered,)] = (run_sql(platform, REPORTED, waits=waits) for waits in (True, False))
    run_sql(platform, PLANNED, study_id=study_id)
    run_sql(platform, RULES, study_id=study_id)
    (proposed,), (active,) = run_sql(
        platform, "SELECT rule_id::text FROM idh.series_rule WHERE protocol = 'q' ORDER BY rule_id"
    )
    [(named,)] = run_sql(platform, NAMED, study_id=study_id)
    return [
        PARAMETERS | {"study_id": study_id, "review_id": waiting, "rule_id": proposed},
        PARAMETERS | {"study_id": excluded, "review_id": answered, "rule_id": active},
        PARAMETERS | {"study_id": study_id, "review_id": named, "rule_id": active},
    ]


@pytest.fixture
def reader() -> dict[str, UserRole]:
    """Return who reads the pages."""
    return {"role": UserRole.ADMIN}


@pytest.fixture
def client(
    platform: Platform, shown: list[Names], reader: dict[str, UserRole], monkeypatch: pytest.MonkeyPatch
) -> TestClient:
    """Return a browser of a person of a role; Airflow answers what it may do, and that nothing runs."""
    assert shown
    manager = LocalAuthManager()  # type: ignore[no-untyped-call] # Airflow's
    monkeypatch.setattr("airflow.api_fastapi.core_api.security.get_auth_manager", lambda: manager)
    monkeypatch.setattr("airflow.models.dag.DagModel.get_team_name", lambda _: None)
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: platform)
    monkeypatch.setattr(approvals, "latest_question", lambda _: QUESTION)
    monkeypatch.setattr(sources, "latest_run", lambda *_: IDLE)
    monkeypatch.setattr(sources, "refused_settings", lambda _: [])
    monkeypatch.setattr(sources, "made_in_airflow", lambda _: set())
    monkeypatch.setattr(tonight, "latest_runs", lambda _: [])
    monkeypatch.setattr(tonight, "refused_settings", lambda _: [])
    monkeypatch.setattr(questions, "asked", lambda *_: ASKED)
    monkeypatch.setattr("idh_airflow.ui.held.changed", lambda *_, **__: None)
    monkeypatch.setattr("idh_airflow.ui.rights.get_auth_manager", lambda: manager)
    overrides: dict[Any, Any] = pages.dependency_overrides
    monkeypatch.setitem(overrides, get_user, lambda: SimpleAuthManagerUser(username="mary", role=reader["role"]))
    monkeypatch.setitem(overrides, _get_session, lambda: None)
    return TestClient(pages, root_path=MOUNT, follow_redirects=False)


def read(client: TestClient, shown: list[Names]) -> Iterator[tuple[str, str, Names]]:
    """Yield each page that the reader may see: its path, its text and parameters; also what links ask for."""
    for path, names in product(READ, shown):
        address = path.format_map(names)
        answer = client.get(address, headers={"Accept": "text/html"})
        assert answer.status_code in (200, FORBIDDEN), (path, answer.text)
        if answer.status_code == FORBIDDEN:
            continue
        yield path, answer.text, names
        for link in Offers(answer.text).links:
            if link.startswith(("?withdraw=", "?code=")):
                yield path, client.get(address + link).text, names


@pytest.mark.parametrize("role", UserRole)
def test_a_page_offers_what_its_reader_may_do_and_nothing_else(
    client: TestClient, shown: list[Names], reader: dict[str, UserRole], role: UserRole
) -> None:
    everything = offered(client, shown)
    assert set().union(*everything.values()) == CHANGES.keys(), "every change has a button"
    reader["role"] = role
    held = {path for path, expected in CHANGES.items() if role in HOLDERS[expected.right]}
    seen = offered(client, shown)
    assert seen == {path: everything[path] & held for path in everything if role in HOLDERS[ROUTES["GET", path].right]}
    accepted = {path for path, expected in CHANGES.items() if client.post(path, data=expected.form).status_code != 403}
    assert accepted == held


def offered(client: TestClient, shown: list[Names]) -> Mapping[str, set[str]]:
    """Return the changes that each page offers, by their routes."""
    found: dict[str, set[str]] = {}
    for path, text, names in read(client, shown):
        found.setdefault(path, set()).update(_route(change, names) for change in Offers(text).changes)
    return found


def _route(address: str, names: Names) -> str:
    """Return the route of an address: ids become the names of parameters."""
    parts = address.removeprefix(MOUNT).split("/")
    known = {names[name]: f"{{{name}}}" for name in ("study_id", "review_id", "rule_id")}
    return "/".join(known.get(part, part) for part in parts)


@pytest.mark.parametrize("role", UserRole)
def test_no_page_leads_to_a_page_that_its_reader_may_not_see(
    client: TestClient, shown: list[Names], reader: dict[str, UserRole], role: UserRole
) -> None:
    reader["role"] = role
    links = {link for _, text, _ in read(client, shown) for link in Offers(text).links if link.startswith(MOUNT)}
    assert (f"{MOUNT}/audit/" in links) == (role in HOLDERS[Right.AUDIT])
    kinds = {link.partition("?")[0].rpartition("/")[0]: link for link in links}.values()
    assert {link for link in kinds if client.get(link.removeprefix(MOUNT)).status_code == FORBIDDEN} == set()
