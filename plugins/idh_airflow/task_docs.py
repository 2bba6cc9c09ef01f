"""What each task does, and what to do when it is red: `task_docs.toml`, shown as *Task Docs* in Airflow."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_suffix(".toml")


@cache
def catalogue() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return what is written about each task, by DAG and task."""
    return tomllib.loads(CATALOGUE.read_text())


def doc_of(dag_id: str, task_id: str) -> str:
    """Return the documentation of a task as Markdown."""
    written = catalogue()[dag_id][task_id]
    return f"{written['does']}\n\n**When it is red**: {written['red']}"


def task_doc(function: Callable[..., Any]) -> str:
    """Return the documentation of a step: its function is defined in the one of its DAG, or it belongs to several."""
    dag_id, *inner = function.__qualname__.split(".<locals>.")
    return doc_of(dag_id, inner[0]) if inner else doc_of("several", dag_id)
