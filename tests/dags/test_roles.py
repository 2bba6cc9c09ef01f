"""Each DAG logs in with one role of its own, and the pages with theirs."""

import ast
import re
from pathlib import Path

import pytest

from idh_tasks.domain.role import Role
from idh_tasks.local.service_secrets import CONNECTED, DEFAULT_QUEUE
from idh_tasks.settings import ROOT

ROLES = {
    "backfill_studies": Role.INGEST,
    "check_sources": Role.INGEST,
    "ingest_studies": Role.INGEST,
    "link_pathology": Role.LINK,
    "predict_studies": Role.PREDICT,
    "preprocess_studies": Role.PREPROCESS,
    "retrain_models": Role.TRAIN,
    "review_cases": Role.LINK,
}
PAGES = ("tonight", "studies", "outlines", "cohort", "waiting", "networks", "training_runs", "held", "sources", "audit")
PLUGINS = {"review": {Role.LINK}}
PLUGINS |= {f"ui/{page}": {Role.PAGES} for page in PAGES}


def named(path: Path) -> set[Role]:
    """Return the roles that a file names."""
    return {Role[name] for name in re.findall(r"\bRole\.([A-Z]+)", path.read_text())}


def test_every_dag_has_a_role() -> None:
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} == set(ROLES)


@pytest.mark.parametrize(("dag", "role"), ROLES.items())
def test_a_dag_names_its_role_once_and_opens_the_platform_with_it_only(dag: str, role: Role) -> None:
    path = ROOT / "dags" / f"{dag}.py"
    assert path.read_text().count("Role.") == 1
    assert named(path) == {role}
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    opened = [
        ast.unparse(call) for call in calls if ast.unparse(call.func) in ("platform", "recorder", "request_reviews")
    ]
    assert opened
    assert {call.partition("(")[2] for call in opened} == {"ROLE)"}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_page_has_the_role_of_pages_and_an_answer_that_of_linking(plugin: str) -> None:
    assert named(ROOT / "plugins" / "idh_airflow" / f"{plugin}.py") == PLUGINS[plugin]


def test_the_processes_of_airflow_have_these_connections_and_no_others() -> None:
    assert set(DEFAULT_QUEUE) == set(ROLES.values())
    assert set(CONNECTED) == {*ROLES.values(), Role.PAGES}
