"""The flow of patients into the cohort, each exclusion with its reason (like CONSORT)."""

from collections.abc import Iterable

from idh_tasks.domain.cohort import Outcome, Step

STAGES = ("MR", "pre-operative", "glioblastoma", "IDH tested", "usable sequences", "ROI", "patches")
"""What a patient must have, in the order in which it is asked for."""
INCLUDED = "included"


def cohort_flow(outcomes: Iterable[Outcome]) -> list[Step]:
    """Return the steps from all patients found to those included."""
    found = list(outcomes)
    remaining, steps = sum(outcome.patients for outcome in found), []
    for stage in STAGES:
        excluded = {o.code or "?": o.patients for o in found if o.stage == stage}
        steps.append(Step(stage, remaining, excluded, remaining - sum(excluded.values())))
        remaining = steps[-1].after
    return steps
