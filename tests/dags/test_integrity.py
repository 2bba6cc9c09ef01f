"""Every DAG keeps the house rules, and parsing them stays light."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from idh_tasks.local.airflow import DAG_IDS
from idh_tasks.settings import ROOT

HEAVY = ("tensorflow", "keras", "SimpleITK", "pydicom", "pandas", "sklearn", "scipy")
FILES = sorted((ROOT / "dags").glob("*.py"))

FOLDERS = {
    "backfill_studies": "ingest",
    "check_sources": "operate",
    "ingest_studies": "ingest",
    "link_pathology": "link",
    "preprocess_studies": "preprocess",
    "retrain_models": "train",
    "predict_studies": "predict",
    "review_cases": "review",
}
"""The pipeline folder of each DAG: besides plain values of the domain, it may import nothing else."""


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(ROOT / "dags"))


def test_every_file_is_one_dag_of_its_name(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == sorted(DAG_IDS) == [path.stem for path in FILES]


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_every_dag_is_documented_owned_and_bounded(bag: DagBag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert dag.doc_md
    assert "When it is red" in dag.doc_md
    assert {"idh", "research use only"} <= set(dag.tags)
    # Questions of one night may wait while those of the next are asked.
    assert dag.max_active_runs == (256 if dag_id == "review_cases" else 1)
    assert dag.catchup is False
    for task in dag.tasks:
        assert task.owner == "idh-platform"
        # A task that asks a person has a limit for the answer instead of one for its process.
        assert task.execution_timeout or getattr(task, "response_timeout", None)
        assert task.task_id == "reconcile" or (task.retries or 0) >= 3


def test_only_training_runs_on_the_gpu_queue(bag: DagBag) -> None:
    on_gpu = {t.task_id for dag in bag.dags.values() for t in dag.tasks if t.queue == "gpu" or t.pool == "gpu"}
    assert on_gpu == {"train_sequence"}


def test_only_tasks_that_ask_the_pacs_wait_for_it(bag: DagBag) -> None:
    waiting = {t.task_id for dag in bag.dags.values() for t in dag.tasks if t.pool == "pacs"}
    assert waiting == {"discover", "retrieve_batch", "check_archives", "plan"}


def test_mapped_tasks_have_readable_names(bag: DagBag) -> None:
    mapped = [t for dag in bag.dags.values() for t in dag.tasks if t.is_mapped]
    assert len(mapped) == 8
    assert all(t.map_index_template for t in mapped)


def test_parsing_the_dags_imports_nothing_heavy() -> None:
    script = (
        "import sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'plugins')!r})\n"
        f"paths = Path({str(ROOT / 'dags')!r}).glob('*.py')\n"
        "[exec(compile(p.read_text(), str(p), 'exec'), {'__name__': p.stem}) for p in paths]\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)  # noqa: S603 - ours
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_imports_its_own_pipeline_folder_only(path: Path) -> None:
    allowed = (f"idh_tasks.pipelines.{FOLDERS[path.stem]}", "idh_tasks.domain")
    ours = [name for name in imported(ast.parse(path.read_text())) if name.startswith("idh_tasks")]
    assert ours
    assert [name for name in ours if not any(name == own or name.startswith(f"{own}.") for own in allowed)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_imports_no_heavy_library_and_no_pipeline_when_it_is_parsed(path: Path) -> None:
    top = imported(*ast.parse(path.read_text()).body, inside=False)
    assert [name for name in top if name.split(".")[0] in (*HEAVY, "numpy", "sqlalchemy", "boto3")] == []
    assert [name for name in top if name.startswith("idh_tasks") and not name.startswith("idh_tasks.domain")] == []


def imported(*nodes: ast.AST, inside: bool = True) -> list[str]:
    """Return the modules that these statements import; with `inside`, also those of functions and type checks."""
    every = (node for statement in nodes for node in (ast.walk(statement) if inside else [statement]))
    return [name for node in every for name in _modules(node)]


def _modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dag_reads_like_its_own_diagram(path: Path) -> None:
    source = path.read_text()
    assert 40 <= len(source.splitlines()) <= 100
    assert [step.name for step in steps(ast.parse(source)) if len(step.body) > 5] == [], "more than a pipeline call"


def steps(tree: ast.AST) -> list[ast.FunctionDef]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return [function for function in functions if any(map(_is_step, function.decorator_list))]


def _is_step(decorator: Any) -> bool:
    return ast.unparse(decorator).startswith("step(")


def test_files_stay_small() -> None:
    folders = ("idh_tasks", "dags", "plugins", "tests", "tools", "bench")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in files if len(path.read_text().splitlines()) > 300] == []
