"""Links between Airflow's tasks and the pages: from a task to its studies, and from what was made to its task."""

from typing import Any
from urllib.parse import quote, urlencode

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink, get_current_context

from idh_airflow.places import pages_path

MAKERS = {
    ("ingest_studies", "ingest_batch"),
    ("ingest_studies", "retrieve_batch"),
    ("preprocess_studies", "preprocess_batch"),
    ("predict_studies", "predict_batch"),
    ("predict_studies", "write_documents"),
}
"""The tasks that make something of single studies."""


def current_task() -> str:
    """Return the running task as dag_id/run_id/task_id/map_index, or nothing outside of a task."""
    try:
        running = get_current_context()["ti"]
    except RuntimeError:
        return ""
    return written(running)


def written(task: Any) -> str:
    """Return a task instance as dag_id/run_id/task_id/map_index."""
    return f"{task.dag_id}/{task.run_id}/{task.task_id}/{task.map_index}"


def task_address(made_by: str) -> str:
    """Return the address of a task in Airflow; the task is written as by `current_task`."""
    dag, run, task, mapped = map(quote, made_by.split("/"))
    return f"/dags/{dag}/runs/{run}/tasks/{task}" + (f"/mapped/{mapped}" if mapped != "-1" else "")


class StudiesOfTask(BaseOperatorLink):
    """The link on a task that makes something of single studies."""

    name = "Studies"
    operators = [_PythonDecoratedOperator]  # noqa: RUF012 - Airflow reads it

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the address of the studies of a task, and nothing for other tasks."""
        if (ti_key.dag_id, ti_key.task_id) not in MAKERS:
            return ""
        return f"{pages_path()}/studies/?{urlencode({'task': written(ti_key)})}"
