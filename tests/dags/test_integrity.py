"""Every DAG keeps the house rules, and parsing them stays light."""

import ast
import os
import subprocess
import sys

import pytest
from airflow.dag_processing.dagbag import DagBag

from idh_tasks.settings import ROOT
from tools.generate import dags_page, faults_page, missing_cases, truth_table_page

EXPECTED = ["ingest_studies", "link_pathology", "predict_studies", "preprocess_studies", "retrain_models",
            "review_cases"]  # fmt: skip
HEAVY = ("tensorflow", "keras", "SimpleITK", "pydicom", "pandas", "sklearn", "scipy")


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(ROOT / "dags"))


def test_every_file_is_one_dag_of_its_name(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == EXPECTED == sorted(path.stem for path in (ROOT / "dags").glob("*.py"))


@pytest.mark.parametrize("dag_id", EXPECTED)
def test_every_dag_is_documented_owned_and_bounded(bag: DagBag, dag_id: str) -> None:
    dag = bag.dags[dag_id]
    assert dag.doc_md
    assert "When it is red" in dag.doc_md
    assert {"idh", "research use only"} <= set(dag.tags)
    # Questions of one night may wait while those of the next are asked.
    assert dag.max_active_runs == (8 if dag_id == "review_cases" else 1)
    assert dag.catchup is False
    for task in dag.tasks:
        assert task.owner == "idh-platform"
        # Who asks a person waits for an answer, not for a process.
        assert task.execution_timeout or task.response_timeout
        assert task.retries >= 3 or task.task_id == "reconcile"


def test_only_training_runs_on_the_gpu_queue(bag: DagBag) -> None:
    on_gpu = {t.task_id for dag in bag.dags.values() for t in dag.tasks if t.queue == "gpu" or t.pool == "gpu"}
    assert on_gpu == {"train_sequence"}


def test_mapped_tasks_have_readable_names(bag: DagBag) -> None:
    mapped = [t for dag in bag.dags.values() for t in dag.tasks if t.is_mapped]
    assert len(mapped) == 5
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


def test_a_task_body_is_one_call_into_a_pipeline() -> None:
    for path in (ROOT / "dags").glob("*.py"):
        for body in _steps(ast.parse(path.read_text())):
            assert len(body.body) <= 5, f"{path.name}: {body.name} does more than call a pipeline"


def _steps(tree: ast.AST) -> list[ast.FunctionDef]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any("step" in ast.dump(d) for d in node.decorator_list)
    ]


def test_the_page_of_dags_is_up_to_date() -> None:
    assert (ROOT / "dags" / "DAGS.md").read_text() == dags_page(), "run `make docs`"


def test_files_stay_small() -> None:
    long = [
        p
        for folder in ("idh_tasks", "dags", "plugins", "tests")
        for p in (ROOT / folder).rglob("*.py")
        if len(p.read_text().splitlines()) > 400
    ]
    assert long == []


def test_the_truth_table_in_the_docs_is_what_the_code_does() -> None:
    assert (ROOT / "docs" / "idh-status.md").read_text() == truth_table_page(), "run `make docs`"


def test_every_case_of_the_fault_catalogue_that_is_done_has_a_test_and_is_listed() -> None:
    assert missing_cases() == set()
    assert (ROOT / "docs" / "faults.md").read_text() == faults_page(), "run `make docs`"
