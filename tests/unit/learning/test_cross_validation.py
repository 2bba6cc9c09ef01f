"""A calibration is fitted on patients that the network was not trained on, and never on those that it is for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.domain.learning import FINAL, Calibration, HeldOutScore
from idh_tasks.learning.calibration import stated_probability
from idh_tasks.learning.cross_validation import calibrate
from idh_tasks.learning.fold_training import FoldOutcome
from idh_tasks.learning.metrics import brier
from idh_tasks.learning.stated import measure_stated

OVERCONFIDENT, PREVALENCE = 0.25, 1 / 3


def outcome(number: int, patients: Sequence[int], seed: int = 1) -> FoldOutcome:
    """Return a fold with overconfident probabilities: their logits are four times too large."""
    rng = np.random.default_rng([seed, number + 1])
    true_probability = rng.beta(1, 2, len(patients))
    mutant = rng.random(len(patients)) < true_probability
    stated = stated_probability(true_probability, Calibration(1 / OVERCONFIDENT, 0))
    scores = [
        HeldOutScore(f"p{n:04d}", number, bool(m), float(p), float(p))
        for n, m, p in zip(patients, mutant, stated, strict=True)
    ]
    return FoldOutcome(number, tuple(scores), (), "CPU")


def cohort() -> list[FoldOutcome]:
    """Return five disjoint folds and a final one without a locked set."""
    return [*(outcome(k, range(400 * k, 400 * (k + 1))) for k in range(5)), outcome(FINAL, [])]


def test_overconfident_folds_are_calibrated_and_the_final_network_by_all_folds() -> None:
    scaled = calibrate(cohort(), PREVALENCE)
    assert [fold.calibration.slope for fold in scaled] == pytest.approx([OVERCONFIDENT] * 6, rel=0.15)
    assert {fold.calibration.prevalence for fold in scaled} == {PREVALENCE}
    for fold in scaled[:5]:
        assert measure_stated(fold.scores).calibrated_brier < brier(fold.scores) - 0.02


def test_the_calibration_of_a_fold_does_not_depend_on_its_own_labels() -> None:
    flipped = cohort()
    flipped[0] = replace(flipped[0], scores=tuple(replace(s, mutant=not s.mutant) for s in flipped[0].scores))
    before, after = calibrate(cohort(), PREVALENCE), calibrate(flipped, PREVALENCE)
    assert after[0].calibration == before[0].calibration
    assert after[1].calibration != before[1].calibration


def test_a_patient_who_is_held_out_twice_affects_neither_calibration() -> None:
    """In the scheme `repeated`, test sets overlap."""
    first, second, third = outcome(0, range(300)), outcome(1, range(200, 500)), outcome(2, range(500, 800))
    flipped = tuple(replace(s, mutant=not s.mutant) if s.patient_key < "p0300" else s for s in second.scores)
    assert flipped != second.scores
    before, after = (
        calibrate([first, other, third], PREVALENCE)[0] for other in (second, replace(second, scores=flipped))
    )
    assert before.calibration == after.calibration


def test_without_both_classes_in_the_other_folds_the_prevalence_is_stated() -> None:
    only = outcome(0, range(50))
    [scaled] = calibrate([only], PREVALENCE)
    assert scaled.calibration.slope == 0
    assert [s.calibrated for s in scaled.scores] == pytest.approx([PREVALENCE] * 50)
