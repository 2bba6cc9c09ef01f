"""Small losses over many rounds are a drift, which brings the best champion back; chance is none."""

from dataclasses import replace

import pytest

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.gate import Rounds, is_better, judge
from idh_tasks.learning.paired import Difference
from tests.unit.learning.test_gate import RELAXED, codes, cohort, evidence


def worse(first: int) -> list[HeldOutScore]:
    """Return the scores of a network that misses two more mutants than the champion."""
    missed = range(first, first + 2)
    return [
        replace(s, probability_mutant=0.01, calibrated=0.01) if n in missed else s
        for n, s in enumerate(cohort(1, separation=4.0))
    ]


def test_small_losses_add_up_to_a_drift_and_each_of_them_alone_is_chance() -> None:
    best, challengers = evidence(cohort(1, separation=4.0)), [worse(first) for first in (0, 2, 4, 6, 8, 10)]
    for alone in challengers:
        assert judge(evidence(alone), best, (), RELAXED).passed
    *before, latest = challengers
    decision = judge(evidence(latest), best, (), RELAXED, rounds=Rounds(before, replaced=True))
    assert (codes(decision), decision.drifted) == (["W_DRIFT"], True)
    assert judge(evidence(latest), best, (), RELAXED, rounds=Rounds(before)).passed, "the best champion is in use"


def test_after_a_drift_only_a_network_that_is_better_beyond_chance_replaces_the_best_champion() -> None:
    drifted = Rounds(drifted=True)
    best = evidence(cohort(2, 1.0))
    assert codes(judge(best, best, (), RELAXED, rounds=drifted)) == ["W_DRIFT"]
    better = judge(evidence(cohort(1, 4.0)), best, (), RELAXED, rounds=drifted)
    assert (better.passed, better.better) == (True, True)


@pytest.mark.parametrize(("errors", "better"), [(2.5, False), (3.5, True)])
def test_a_lucky_network_is_not_the_new_standard(errors: float, better: bool) -> None:
    assert is_better(Difference(0.01 * errors, 0.01, 98, 100, 30)) is better


def test_one_training_that_went_wrong_is_no_drift() -> None:
    best, inverted = cohort(2), [replace(s, probability_mutant=1 - s.probability_mutant) for s in cohort(2)]
    before = [cohort(1), cohort(5), cohort(6), inverted]
    decision = judge(evidence(cohort(7)), evidence(best), (), RELAXED, rounds=Rounds(before, replaced=True))
    assert not decision.drifted
