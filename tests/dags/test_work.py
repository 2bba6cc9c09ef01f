"""What is due though nothing new has come starts the DAGs that work on it, run after run, until nothing is left."""

import pytest
from airflow.dag_processing.dagbag import DagBag
from idh_airflow.assets import WORK

from idh_tasks.settings import ROOT
from tests.dags.test_quiet_night import QUIET, airflow_database, ended

__all__ = ["airflow_database"]


def test_it_starts_what_prepares_and_what_predicts() -> None:
    dags = DagBag(str(ROOT / "dags")).dags
    started = {name for name, dag in dags.items() if WORK.uri in str(dag.timetable.asset_condition)}
    assert started == {"preprocess_studies", "predict_studies"}


@pytest.mark.usefixtures("airflow_database")
@pytest.mark.parametrize("left", [True, False])
def test_a_run_that_leaves_studies_starts_the_next_one(left: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = QUIET | {"idh_tasks.pipelines.preprocess.batch.studies_left": left}
    run = ended("preprocess_studies", found, monkeypatch)
    assert (run.state, "work" in run.announced) == ("success", left)
