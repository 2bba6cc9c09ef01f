"""Each contract of `.importlinter` is broken in a copy of the code, and lint-imports must name it."""

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from idh_tasks.settings import ROOT

NEW_ROOM = "__init__.py of a folder that no contract places"
BREAKS = [
    # (contract, module to which a line is added, the line)
    ("orchestration", "idh_tasks/errors.py", "import idh_airflow.assets"),
    ("layers", "idh_tasks/dicom/dates.py", "import idh_tasks.settings"),
    ("layers", "idh_tasks/imaging/adc.py", "import idh_tasks.learning.folds"),
    ("layers", "idh_tasks/misc/__init__.py", NEW_ROOM),
    ("pipelines", "idh_tasks/pipelines/predict/batch.py", "import idh_tasks.pipelines.link.cases"),
    ("pipelines", "idh_tasks/pipelines/misc/__init__.py", NEW_ROOM),
    ("intake", "idh_tasks/intake/gate/values.py", "import idh_tasks.intake.deidentification.deidentify"),
    ("intake", "idh_tasks/intake/misc/__init__.py", NEW_ROOM),
    ("circles", "idh_tasks/store/keys.py", "import idh_tasks.store.arrays\n# and back\n"),
    ("identities", "idh_tasks/pipelines/predict/documents.py", "import idh_tasks.db.identities"),
    ("identities", "idh_tasks/pipelines/link/cases.py", "import idh_tasks.db.identities"),
    ("identities", "idh_tasks/pipelines/review/questions.py", "import idh_tasks.db.identities"),
    ("inbox", "idh_tasks/pipelines/train/freeze.py", "import idh_tasks.db.inbox"),
    ("reports", "idh_tasks/pipelines/review/questions.py", "import idh_tasks.db.reports"),
    ("laboratory", "idh_tasks/pipelines/link/cases.py", "import idh_tasks.db.laboratory"),
    ("erasure", "idh_tasks/pipelines/predict/batch.py", "import idh_tasks.db.erasure"),
    ("airflow", "idh_tasks/pipelines/platform.py", "import airflow"),
    ("tensorflow", "idh_tasks/pipelines/predict/batch.py", "import tensorflow"),
    ("tensorflow", "idh_tasks/imaging/patch.py", "import keras"),
    ("tensorflow", "idh_tasks/learning/folds.py", "import tensorflow"),
    ("simpleitk", "idh_tasks/pipelines/preprocess/batch.py", "import SimpleITK"),
    ("onnx", "idh_tasks/learning/folds.py", "import onnxruntime"),
    ("boto3", "idh_tasks/intake/gate/instance.py", "import boto3"),
    ("sqlalchemy", "idh_tasks/intake/gate/instance.py", "import sqlalchemy"),
    ("dicom_network", "idh_tasks/pipelines/ingest/sources.py", "import pynetdicom"),
    ("plain_domain", "idh_tasks/domain/study.py", "import pandas"),
]
CIRCLE_BACK = ("idh_tasks/store/arrays.py", "import idh_tasks.store.keys")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("idh_tasks", "plugins/idh_airflow"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def contracts() -> set[str]:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    return {section.rpartition(":")[2] for section in config.sections() if ":contract:" in section}


def add_line(copy: Path, module: str, line: str) -> None:
    path = copy / module
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write("" if line == NEW_ROOM else f"\n{line}\n")


def lint(copy: Path, contract: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--contract", contract]
    env = {**os.environ, "PYTHONPATH": f"{copy}{os.pathsep}{copy / 'plugins'}"}
    return subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours


def test_every_contract_is_broken_by_a_case_here() -> None:
    assert {contract for contract, _, _ in BREAKS} == contracts()


@pytest.mark.parametrize("contract", sorted(contracts()))
def test_the_code_as_it_stands_keeps_the_contract(copy: Path, contract: str) -> None:
    done = lint(copy, contract)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("contract", "module", "line"), BREAKS, ids=lambda value: value.rpartition("/")[2])
def test_an_import_that_breaks_the_contract_fails(copy: Path, contract: str, module: str, line: str) -> None:
    add_line(copy, module, line)
    if contract == "circles":
        add_line(copy, *CIRCLE_BACK)
    done = lint(copy, contract)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


def test_pipelines_has_few_entries_and_few_arrows_between_them() -> None:
    import grimp

    top = ROOT / "idh_tasks" / "pipelines"
    entries = [path for path in top.iterdir() if path.name not in ("__pycache__", "__init__.py")]
    assert len(entries) <= 12
    graph = grimp.build_graph("idh_tasks", cache_dir=None)
    rooms = graph.find_children("idh_tasks.pipelines")
    arrows = {
        (importer, imported)
        for importer in rooms
        for imported in rooms
        if importer != imported and graph.direct_import_exists(importer=importer, imported=imported, as_packages=True)
    }
    assert len(arrows) <= 12, sorted(arrows)
