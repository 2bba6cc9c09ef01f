"""The flow of patients into the cohort, each exclusion with its reason (like CONSORT)."""

from collections.abc import Iterable
from dataclasses import dataclass

STAGES = ("usable sequences", "pathology", "pre-operative", "glioblastoma", "IDH status", "ROI", "patches")
"""What a patient must have, in the order in which it is asked for."""
INCLUDED = "included"


@dataclass(frozen=True)
class Outcome:
    """How many patients left at a stage for one reason, or were included."""

    stage: str
    code: str | None
    patients: int


@dataclass(frozen=True)
class Step:
    """One box of the flow: who came to it, who left and why, who remained."""

    stage: str
    before: int
    excluded: dict[str, int]
    after: int


def cohort_flow(outcomes: Iterable[Outcome]) -> list[Step]:
    """Return the steps from all patients found to those included."""
    found = list(outcomes)
    remaining, steps = sum(outcome.patients for outcome in found), []
    for stage in STAGES:
        excluded = {o.code or "?": o.patients for o in found if o.stage == stage}
        steps.append(Step(stage, remaining, excluded, remaining - sum(excluded.values())))
        remaining = steps[-1].after
    return steps
