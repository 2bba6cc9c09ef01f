"""With a bad variable no DAG is parsed but the one that reports it, and the pages are still served."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from idh_airflow.connections import platform
from idh_airflow.defaults import _moment

from idh_tasks.domain.role import Role
from idh_tasks.errors import SettingsRefusedError
from idh_tasks.settings import ROOT

SENTENCE = "E_SETTINGS: IDH_LEARNING__EPOCH is not a setting; did you mean IDH_LEARNING__EPOCHS?"


def test_the_import_error_of_a_dag_is_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_LEARNING__EPOCH", "3")
    bag = DagBag(str(ROOT / "dags"))
    assert sorted(bag.dags) == ["check_sources"]
    assert {Path(name).stem for name in bag.import_errors} >= {"ingest_studies", "predict_studies", "retrain_models"}
    assert set(bag.import_errors.values()) == {SENTENCE}


def test_a_task_is_refused_before_it_opens_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_LEARNING__EPOCH", "3")
    with pytest.raises(SettingsRefusedError, match="IDH_LEARNING__EPOCHS"):
        platform(Role.TRAIN)


def test_the_pages_are_loaded_in_spite_of_bad_variables() -> None:
    bad = {"IDH_START": "soon", "IDH_LEARNING__EPOCHS": "lots", "IDH_INGEST_CRON": "never", "IDH_FOO": "1"}
    script = "import idh_plugin; print([app['url_prefix'] for app in idh_plugin.IdhPlugin.fastapi_apps])"
    env = os.environ | bad | {"PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env, check=True)  # noqa: S603 - ours
    assert done.stdout.strip().endswith("['/idh']")


@pytest.mark.parametrize("text", ["2026-03-01T00:00:00Z", "2026-03-01T00:00:00+00:00"])
def test_the_start_is_read_as_before(text: str) -> None:
    assert _moment(text).isoformat() == "2026-03-01T00:00:00+00:00"
