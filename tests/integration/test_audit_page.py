"""The audit log forgives how one asks, and leads from each subject to its page."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from idh_airflow.ui.app import pages
from idh_airflow.ui.rights import Right

from idh_tasks.pipelines.pages.events import EventFilter, audit_page, events
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.history import fill

EVENTS = (
    ("Mary.Miller", "answered", "0af3" * 8),
    ("train", "not trained", "1bc4" * 8),
    ("operator_1", "readmitted", "50%_off"),
    ("mary.smith", "study looked up", "studies"),
)
INSERT = "INSERT INTO idh.audit_event (actor, action, subject, detail) VALUES (:actor, :action, :subject, :detail)"


@pytest.fixture
def log(platform: Platform) -> Platform:
    for actor, action, subject in EVENTS:
        run_sql(platform, INSERT, actor=actor, action=action, subject=subject, detail="{}")
    return platform


@pytest.fixture
def client(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Return a browser of somebody who may see the log."""
    monkeypatch.setattr("idh_airflow.connections.platform", lambda _: platform)
    permitted: Callable[[], None] = lambda: None  # noqa: E731 - FastAPI reads the signature
    monkeypatch.setitem(pages.dependency_overrides, Right.AUDIT.check, permitted)
    return TestClient(pages)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, {0, 1, 2, 3}),
        ({"actor": "MARY"}, {0, 3}),
        ({"actor": " smith "}, {3}),
        ({"actor": "_"}, {2}),
        ({"actor": "%"}, set()),
        ({"actor": "nobody"}, set()),
        ({"action": "Trained"}, {1}),
        ({"action": "e"}, {0, 1, 2, 3}),
        ({"subject": "0AF3"}, {0}),
        ({"subject": "af3"}, set()),
        ({"subject": "50%_"}, {2}),
        ({"subject": "%"}, set()),
        ({"subject": "Stud"}, {3}),
        ({"actor": "mary", "action": "look"}, {3}),
    ],
)
def test_a_part_of_a_name_and_the_beginning_of_a_subject_find_events(
    log: Platform, client: TestClient, chosen: dict[str, Any], found: set[int]
) -> None:
    subjects = {EVENTS[number][2] for number in found}
    assert {event.subject for event in events(log, EventFilter(**chosen))} == subjects
    assert {event.subject for event in audit_page(log, EventFilter(**chosen)).events} == subjects
    table = list(csv.DictReader(io.StringIO(client.get("/audit/events.csv", params=chosen).text)))
    assert {row["subject"] for row in table} == subjects
    bundle = client.get("/audit/events.fhir.json", params=chosen).json()
    exported = {entry["resource"]["entity"][0]["what"]["identifier"]["value"] for entry in bundle["entry"]}
    assert exported == subjects


def test_what_exists_can_be_chosen(log: Platform, client: TestClient) -> None:
    found = audit_page(log, EventFilter(actor="nobody"))
    assert found.events == []
    assert set(found.actors) == {actor for actor, _, _ in EVENTS}
    assert set(found.actions) == {action for _, action, _ in EVENTS}
    assert '<option value="Mary.Miller">' in client.get("/audit/").text


def test_subjects_lead_to_their_study_run_model_or_held_item(platform: Platform, client: TestClient) -> None:
    study_id = fill(platform, 40)["study_id"]
    model_id, run_id = "a" * 32, "b" * 24
    run_sql(
        platform,
        "INSERT INTO idh.training_run (run_id, dataset_id, settings, code_version) VALUES (:r, 'dataset', '{}', '');"
        "INSERT INTO idh.model (model_id, run_id, sequence, object_key, sha256) VALUES (:m, :r, 'T1', '', '');"
        "INSERT INTO idh.quarantine (subject, code, scope, reason) VALUES ('held', 'E_DECODE', 'delivery', 'r')",
        r=run_id,
        m=model_id,
    )
    expected = {
        study_id: f"/studies/{study_id}",
        run_id: f"/models/runs/{run_id}",
        model_id: f"/models/runs/{run_id}",
        "held": "/held/?code=E_DECODE",
        "sources": "/sources/",
        "unknown": "",
    }
    for subject in expected:
        run_sql(platform, INSERT, actor="link-test", action="tested", subject=subject, detail="{}")
    found = audit_page(platform, EventFilter(actor="link-test"))
    assert {event.subject: found.path(event.subject) for event in found.events} == expected
    text = client.get("/audit/?actor=link-test").text
    assert all(f'href="{path}"' in text for path in expected.values() if path)


def test_details_are_in_words_and_times_have_seconds_and_a_zone(platform: Platform, client: TestClient) -> None:
    detail: dict[str, Any] = {
        "replaces": None,
        "sources": ["pacs", "bucket"],
        "counts": {"new_cases": 3, "held": 0},
        "shown": True,
        "refusals": [],
        "comment": "it's <b>better</b>",
        "share": 0.123456,
    }
    run_sql(platform, INSERT, actor="mary", action="tested", subject="s", detail=json.dumps(detail))
    text = client.get("/audit/").text
    for words in (
        "replaces: none<",
        "sources: pacs, bucket<",
        "counts: held 0, new cases 3<",
        "shown: yes<",
        "refusals: none<",
        "comment: it&#39;s &lt;b&gt;better&lt;/b&gt;<",
        "share: 0.1235<",
    ):
        assert words in text
    assert not {"None", "True", "{&#39;", "[&#39;"} & set(text.split())
    [event] = events(platform, EventFilter())
    assert f"{event.occurred_at:%H:%M:%S} UTC" in text


def test_a_kind_of_question_is_in_words_and_ids_in_details_are_short(platform: Platform, client: TestClient) -> None:
    sha256 = "0123456789abcdef" * 4
    run_sql(
        platform,
        "INSERT INTO idh.audit_event (actor, action, subject, detail) VALUES ('mary', 'answered', 'x', "
        "jsonb_build_object('kind', 'automatic_roi', 'outlines', jsonb_build_array(CAST(:id AS text), 'none')))",
        id=sha256,
    )
    page = client.get("/audit/?actor=mary").text
    assert "kind: outline</small>" in page
    assert f'<span title="{sha256}">{sha256[:8]}</span>' in page
    assert f">{sha256}<" not in page
    assert f'data-copy="{sha256}"' in page
