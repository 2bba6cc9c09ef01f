"""The flow of patients into the cohort, with a reason for each exclusion (as in a CONSORT diagram)."""

from collections.abc import Iterable

from idh_tasks.codes import Code
from idh_tasks.domain.cohort import Outcome, Step

STAGES = ("MR", "pre-operative", "glioblastoma", "IDH tested", "usable sequences", "ROI", "patches")
"""What a patient must have, in the order in which it is checked."""
INCLUDED = "included"


def cohort_flow(outcomes: Iterable[Outcome]) -> list[Step]:
    """Return the steps from all patients to those included."""
    counted = list(outcomes)
    remaining, steps = sum(outcome.patients for outcome in counted), []
    for stage in STAGES:
        excluded = {outcome.code or "?": outcome.patients for outcome in counted if outcome.stage == stage}
        steps.append(Step(stage, remaining, excluded, remaining - sum(excluded.values())))
        remaining = steps[-1].after
    return steps


def stages_from(stage: str) -> list[str]:
    """Return the stages at which those who reached a stage may have left, and that of those included.

    Empty if there is no such stage.
    """
    return [*STAGES[STAGES.index(stage) :], INCLUDED] if stage in STAGES else []


def waiting_for_patches(outcomes: Iterable[Outcome]) -> int:
    """Return how many labelled patients have no patches of the present code and settings yet."""
    return sum(outcome.patients for outcome in outcomes if outcome.code == Code.W_NOT_PREPROCESSED)
