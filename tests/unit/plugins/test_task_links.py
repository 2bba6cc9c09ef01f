"""A task leads to its studies, and what was made leads to its task."""

from types import SimpleNamespace

import pytest
from idh_airflow import task_links
from idh_airflow.task_links import StudiesOfTask, current_task, task_address

RUN = "scheduled__2026-11-26T01:00:00+00:00"


def key(dag_id: str, task_id: str, map_index: int = 3) -> SimpleNamespace:
    return SimpleNamespace(dag_id=dag_id, run_id=RUN, task_id=task_id, map_index=map_index)


def test_outside_of_a_task_no_task_is_recorded() -> None:
    assert current_task() == ""


@pytest.mark.parametrize(
    ("map_index", "end"), [(3, "/tasks/preprocess_batch/mapped/3"), (-1, "/tasks/preprocess_batch")]
)
def test_what_a_task_makes_leads_to_its_task(monkeypatch: pytest.MonkeyPatch, map_index: int, end: str) -> None:
    running = key("preprocess_studies", "preprocess_batch", map_index)
    monkeypatch.setattr(task_links, "get_current_context", lambda: {"ti": running})
    address = task_address(current_task())
    assert address == f"/dags/preprocess_studies/runs/scheduled__2026-11-26T01%3A00%3A00%2B00%3A00{end}"


def test_a_task_that_works_on_studies_leads_to_them_and_others_to_nothing() -> None:
    found = StudiesOfTask().get_link(None, ti_key=key("preprocess_studies", "preprocess_batch"))
    assert found.startswith("/idh/studies/?task=preprocess_studies%2Fscheduled__2026-11-26T01%3A00")
    assert found.endswith("%2Fpreprocess_batch%2F3")
    assert StudiesOfTask().get_link(None, ti_key=key("preprocess_studies", "due")) == ""
