"""Every DAG has a name to read, and every task says what it does and what to do when it is red."""

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError
from idh_airflow.task_docs import catalogue

from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.settings import ROOT


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(str(ROOT / "dags"))


def test_every_task_says_what_it_does_and_what_to_do(bag: DagBag) -> None:
    tasks = [task for dag in bag.dags.values() for task in dag.tasks]
    silent = [task.task_id for task in tasks if "**When it is red**" not in (task.doc_md or "")]
    assert silent == []


def test_nothing_is_written_about_tasks_that_do_not_exist(bag: DagBag) -> None:
    tasks = {(dag.dag_id, task.task_id) for dag in bag.dags.values() for task in dag.tasks}
    ids = {task_id for _, task_id in tasks}
    written = {(dag_id, task_id) for dag_id, entries in catalogue().items() for task_id in entries}
    assert [(dag, task) for dag, task in written - tasks if dag != "several" or task not in ids] == []


def test_every_dag_has_a_name_of_words(bag: DagBag) -> None:
    assert [dag.dag_id for dag in bag.dags.values() if " " not in dag.dag_display_name] == []


def test_a_training_is_started_with_a_form(bag: DagBag) -> None:
    params = bag.dags["retrain_models"].params
    assert isinstance(params, ParamsDict)
    assert params.dump() == {"force": True, "sequences": list(map(str, MODEL_SEQUENCES))}
    params.validate()
    with pytest.raises(ParamValidationError, match="T3"):
        params["sequences"] = ["T3"]


def test_the_form_of_an_approval_has_a_comment_only(bag: DagBag) -> None:
    assert list(bag.dags["retrain_models"].get_task("approve").params) == ["comment"]


def test_a_failed_reading_of_reports_turns_the_run_red_without_a_task_of_its_own(bag: DagBag) -> None:
    dag = bag.dags["link_pathology"]
    assert [leaf.task_id for leaf in dag.leaves] == ["request_reviews"]
    assert {"poll_laboratory", "load_reports"} <= dag.get_task("request_reviews").upstream_task_ids
    assert dag.get_task("link_cases").trigger_rule == "all_done"
