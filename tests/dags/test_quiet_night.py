"""A night without anything new: each run says so in its note, and what is skipped stays countable."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import airflow.settings
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.listeners.listener import get_listener_manager
from airflow.models.asset import AssetEvent, AssetModel
from airflow.models.dagrun import DagRun
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from idh_airflow import run_notes
from sqlalchemy import select

from idh_tasks.codes import Code
from idh_tasks.pipelines.ingest.verdict import NightEnd, night_end
from idh_tasks.settings import ROOT

QUIET: dict[str, object] = {
    "idh_airflow.connections.platform": None,
    "idh_airflow.review.platform": None,
    "idh_tasks.pipelines.ingest.discovery.discover": {
        "found": {"bucket": 3},
        "excluded": {},
        "waiting": {"bucket": 0},
        "unreachable": {},
        "incomplete": {},
        "batches": [],
    },
    "idh_tasks.pipelines.ingest.reconciliation.balance": night_end([], {}),
    "idh_tasks.pipelines.ingest.ledger.check_archives": SimpleNamespace(listed=0, open=0, missing=0, changed=0),
    "idh_tasks.pipelines.ingest.backfill.proceed": None,
    "idh_tasks.pipelines.link.fhir_server.poll_laboratory": None,
    "idh_tasks.pipelines.link.feed.load_reports": 0,
    "idh_tasks.pipelines.link.cases.link_cases": {"links": 0, "studies due": 0},
    "idh_tasks.pipelines.review.questions.reviews_due": 0,
    "idh_tasks.pipelines.preprocess.batch.due": [],
    "idh_tasks.pipelines.preprocess.batch.studies_left": False,
    "idh_tasks.pipelines.predict.batch.due": [],
    "idh_tasks.pipelines.predict.documents.due": [],
    "idh_tasks.pipelines.predict.documents.published": {"documents": 0},
    "idh_tasks.pipelines.train.freeze.freeze_cohort": SimpleNamespace(run_id=None, reason="2 new cases, 10 needed"),
}
"""What the pipelines find on such a night."""
NOTES = {
    "ingest_studies": "Nothing new: no study is new.",
    "backfill_studies": "Nothing new: no backfill is left unfinished.",
    "link_pathology": "Nothing new: no link has changed, and every study is preprocessed.",
    "preprocess_studies": "Nothing new: no study was due, and no link has changed.",
    "predict_studies": "Nothing new: every document is up to date.",
    "retrain_models": "Nothing new: 2 new cases, 10 needed.",
}
SKIPPED = {
    "ingest_studies": {"ingest_batch", "retrieve_batch"},
    "backfill_studies": set(),
    "link_pathology": set(),
    "preprocess_studies": {"preprocess_batch"},
    "predict_studies": {"predict_batch", "write_documents"},
    "retrain_models": {
        "freeze_cohort",
        "search_twins",
        "wanted",
        "train_sequence",
        "evaluate",
        "judge",
        "approve",
        "promote",
    },
}
"""Airflow skips what is mapped over nothing; a training that is not due skips all that follows."""


@pytest.fixture(scope="module")
def airflow_database() -> Iterator[None]:
    initdb()
    get_listener_manager().add_listener(run_notes)  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(airflow.settings, "DAGS_FOLDER", str(ROOT / "dags"))
        yield


@dataclass(frozen=True)
class Ended:
    """How a run ended: its state and note, the tasks in each state, and the assets that it announced with counts."""

    state: str
    note: str
    tasks: dict[str, set[str]]
    announced: dict[str, dict[str, Any]]


def ended(dag_id: str, found: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Run a DAG in which each pipeline finds what is given."""
    for name, value in found.items():
        monkeypatch.setattr(name, lambda *_, value=value, **__: value)
    done: Any = DagBag(str(ROOT / "dags" / f"{dag_id}.py")).dags[dag_id].test()
    with create_session() as session:
        run = session.get_one(DagRun, done.id)
        tasks: dict[str, set[str]] = {}
        for task in run.get_task_instances(session=session):
            tasks.setdefault(str(task.state), set()).add(task.task_id)
        events = select(AssetModel.name, AssetEvent.extra).join(AssetEvent, AssetEvent.asset_id == AssetModel.id)
        announced = session.execute(events.where(AssetEvent.source_run_id == run.run_id)).all()
        return Ended(str(run.state), str(run.note), tasks, dict(map(tuple, announced)))


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize("dag_id", NOTES)
def test_a_run_that_did_nothing_says_so(dag_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended(dag_id, QUIET, monkeypatch)
    assert (run.state, run.note, run.announced) == ("success", NOTES[dag_id], {})
    assert run.tasks.keys() <= {"success", "skipped"}
    assert run.tasks.get("skipped", set()) == SKIPPED[dag_id]


@pytest.mark.usefixtures("airflow_database")
def test_a_run_that_did_something_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    found = QUIET | {"idh_tasks.pipelines.link.cases.link_cases": {"links": 4, "studies due": 3}}
    run = ended("link_pathology", found, monkeypatch)
    assert (run.state, run.note) == ("success", "New: 4 links, 3 studies due.")
    assert run.announced == {"cases": {"links": 4, "studies due": 3}}


TRAINED = {
    "idh_tasks.pipelines.train.freeze.freeze_cohort": SimpleNamespace(run_id="run", reason="14 labelled patients"),
    "idh_tasks.pipelines.train.sequence.train_sequence": "E_LEAKAGE",
    "idh_tasks.pipelines.train.evaluate.evaluate": "report",
    "idh_tasks.pipelines.train.promotion.judge_challengers": {"eligible": {}},
}


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize(("pairs", "announced"), [(1, {"questions": {}}), (0, {})])
def test_patients_with_the_same_image_are_asked_about_at_once(
    pairs: int, announced: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = QUIET | TRAINED | {"idh_tasks.pipelines.train.twin_search.search_twins": pairs}
    run = ended("retrain_models", found, monkeypatch)
    assert (run.state, run.announced) == ("success", announced)
    assert {"search_twins", "train_sequence"} <= run.tasks["success"]


BALANCE = "idh_tasks.pipelines.ingest.reconciliation.balance"
FEW = "pacs: 1 without an outcome (1 E_DECODE), 10000 tried"


@pytest.mark.usefixtures("airflow_database")
def test_a_night_that_tolerates_a_failure_is_green_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    night = NightEnd(studies=9999, warning=FEW, refused="", reason="")
    run = ended("ingest_studies", QUIET | {BALANCE: night}, monkeypatch)
    assert (run.state, run.announced) == ("success", {"studies": {"studies": 9999}})
    assert run.note == f"New: 9999 studies. Tolerated (W_TOLERATED), and tried again: {FEW}."


@pytest.mark.usefixtures("airflow_database")
def test_a_red_night_announces_what_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    night = NightEnd(studies=7, warning="", refused=Code.E_RECONCILE.value, reason="pacs: 3 without an outcome")
    run = ended("ingest_studies", QUIET | {BALANCE: night}, monkeypatch)
    assert (run.state, run.announced) == ("failed", {"studies": {"studies": 7}})
    assert run.tasks["failed"] == {"reconcile"}
    assert run.note.startswith("Failed with E_RECONCILE: pacs: 3 without an outcome.")
