"""A temperature is fitted on patients that the network was not trained on, and never on those that it scales."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.domain.learning import FINAL, HeldOutScore
from idh_tasks.learning.calibration import apply_temperature, logit
from idh_tasks.learning.cross_validation import calibrate
from idh_tasks.learning.fold_training import FoldOutcome
from idh_tasks.learning.metrics import brier, calibrated_brier

OVERCONFIDENT = 0.25


def outcome(number: int, patients: Sequence[int], seed: int = 1) -> FoldOutcome:
    """Return a fold with overconfident probabilities: their logits are four times too large."""
    rng = np.random.default_rng([seed, number + 1])
    true_probability = rng.beta(1, 2, len(patients))
    mutant = rng.random(len(patients)) < true_probability
    stated = apply_temperature(logit(true_probability), OVERCONFIDENT)
    scores = [
        HeldOutScore(f"p{n:04d}", number, bool(m), float(p), float(p))
        for n, m, p in zip(patients, mutant, stated, strict=True)
    ]
    return FoldOutcome(number, tuple(scores), (), "CPU")


def cohort() -> list[FoldOutcome]:
    """Return five disjoint folds and a final one without a locked set."""
    return [*(outcome(k, range(400 * k, 400 * (k + 1))) for k in range(5)), outcome(FINAL, [])]


def test_overconfident_folds_are_scaled_and_the_final_network_gets_the_temperature_of_all_folds() -> None:
    scaled = calibrate(cohort())
    assert [fold.temperature for fold in scaled] == pytest.approx([1 / OVERCONFIDENT] * 6, rel=0.15)
    for fold in scaled[:5]:
        assert calibrated_brier(fold.scores) < brier(fold.scores) - 0.02


def test_the_temperature_of_a_fold_does_not_depend_on_its_own_labels() -> None:
    flipped = cohort()
    flipped[0] = replace(flipped[0], scores=tuple(replace(s, mutant=not s.mutant) for s in flipped[0].scores))
    before, after = calibrate(cohort()), calibrate(flipped)
    assert after[0].temperature == before[0].temperature
    assert after[1].temperature != before[1].temperature


def test_a_patient_who_is_held_out_twice_affects_neither_temperature() -> None:
    """In the scheme `repeated`, test sets overlap."""
    first, second, third = outcome(0, range(300)), outcome(1, range(200, 500)), outcome(2, range(500, 800))
    flipped = tuple(replace(s, mutant=not s.mutant) if s.patient_key < "p0300" else s for s in second.scores)
    assert flipped != second.scores
    before, after = (calibrate([first, other, third])[0] for other in (second, replace(second, scores=flipped)))
    assert before.temperature == after.temperature


def test_without_both_classes_in_the_other_folds_nothing_is_scaled() -> None:
    only = outcome(0, range(50))
    [scaled] = calibrate([only])
    assert scaled.temperature == 1
    assert [s.calibrated for s in scaled.scores] == pytest.approx([s.probability_mutant for s in only.scores], abs=1e-6)
