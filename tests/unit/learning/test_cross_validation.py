"""Temperatures come from patients whom the network could have learnt from, as networks see them that did not."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.domain.learning import FINAL, HeldOutScore
from idh_tasks.learning.calibration import cooled, logit
from idh_tasks.learning.cross_validation import FoldOutcome, calibrated
from idh_tasks.learning.metrics import brier, calibrated_brier

TOO_SURE = 0.25


def outcome(number: int, patients: Sequence[int], seed: int = 1) -> FoldOutcome:
    """Return a fold whose probabilities are four times too sure, in logits."""
    rng = np.random.default_rng([seed, number + 1])
    right = rng.beta(1, 2, len(patients))
    mutant = rng.random(len(patients)) < right
    stated = cooled(logit(right), TOO_SURE)
    scores = [
        HeldOutScore(f"p{n:04d}", number, bool(m), float(p), float(p))
        for n, m, p in zip(patients, mutant, stated, strict=True)
    ]
    return FoldOutcome(number, tuple(scores), (), "CPU")


def cohort() -> list[FoldOutcome]:
    """Return five disjoint folds and a final one without a locked set."""
    return [*(outcome(k, range(400 * k, 400 * (k + 1))) for k in range(5)), outcome(FINAL, [])]


def test_networks_that_are_too_sure_are_cooled_and_the_final_one_as_all_of_them() -> None:
    scaled = calibrated(cohort())
    assert [found.temperature for found in scaled] == pytest.approx([1 / TOO_SURE] * 6, rel=0.15)
    for found in scaled[:5]:
        assert calibrated_brier(found.scores) < brier(found.scores) - 0.02


def test_the_temperature_of_a_fold_does_not_depend_on_its_own_labels() -> None:
    lied = cohort()
    lied[0] = replace(lied[0], scores=tuple(replace(s, mutant=not s.mutant) for s in lied[0].scores))
    before, after = calibrated(cohort()), calibrated(lied)
    assert after[0].temperature == before[0].temperature
    assert after[1].temperature != before[1].temperature


def test_a_patient_who_is_held_out_twice_chooses_neither_temperature() -> None:
    """In the scheme `repeated`, test sets overlap."""
    first, second, third = outcome(0, range(300)), outcome(1, range(200, 500)), outcome(2, range(500, 800))
    lied = tuple(replace(s, mutant=not s.mutant) if s.patient_key < "p0300" else s for s in second.scores)
    assert lied != second.scores
    before, after = (calibrated([first, other, third])[0] for other in (second, replace(second, scores=lied)))
    assert before.temperature == after.temperature


def test_without_both_classes_elsewhere_nothing_is_scaled() -> None:
    only = outcome(0, range(50))
    [found] = calibrated([only])
    assert found.temperature == 1
    assert [s.calibrated for s in found.scores] == pytest.approx([s.probability_mutant for s in only.scores], abs=1e-6)
