"""The form with which a person starts a training, and what a run that nobody started does instead."""

from typing import Any

from airflow.sdk import Param

from idh_airflow.steps import step
from idh_tasks.domain.sequence import MODEL_SEQUENCES

SEQUENCES = list(map(str, MODEL_SEQUENCES))
PARAMS = {
    "force": Param(
        True, type="boolean", title="Train after any change", description="Otherwise enough cases must be new."
    ),
    "sequences": Param(
        SEQUENCES,
        type="array",
        items={"type": "string", "enum": SEQUENCES},
        minItems=1,
        uniqueItems=True,
        title="Sequences",
        description="A network is trained for each of these; the others keep their champions.",
    ),
}


def asked(params: dict[str, Any], dag_run: Any) -> tuple[bool, list[str]]:
    """Return whether any change is enough, and the sequences that a person asks for: nobody asks in a scheduled run."""
    return (params["force"], params["sequences"]) if dag_run.run_type == "manual" else (False, [])


@step("Sequences to be trained: {}.")
def wanted(training_run: str, params: dict[str, Any]) -> list[str]:  # noqa: ARG001 - only once a run is due
    """Return the sequences to be trained."""
    chosen: list[str] = params["sequences"]
    return chosen
