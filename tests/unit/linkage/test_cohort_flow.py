"""Each patient is excluded once, or included."""

from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.cohort import Outcome
from idh_tasks.linkage.cohort_flow import INCLUDED, STAGES, cohort_flow

OUTCOMES = st.lists(st.builds(Outcome, st.sampled_from((*STAGES, INCLUDED)), st.uuids().map(str), st.integers(1, 50)))


@given(OUTCOMES)
def test_every_patient_who_is_not_excluded_is_included(outcomes: list[Outcome]) -> None:
    steps = cohort_flow(outcomes)
    assert [step.stage for step in steps] == list(STAGES)
    assert steps[0].before == sum(outcome.patients for outcome in outcomes)
    assert steps[-1].after == sum(outcome.patients for outcome in outcomes if outcome.stage == INCLUDED)
    assert all(step.before - sum(step.excluded.values()) == step.after for step in steps)
