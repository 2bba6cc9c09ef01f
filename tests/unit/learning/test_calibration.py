"""Slope and intercept repair probabilities of a wrong spread or prior, and never of those whom they were fitted on."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from idh_tasks.domain.learning import UNCALIBRATED, Calibration, Fold, HeldOutScore
from idh_tasks.learning.calibration import (
    apply_calibration,
    calibrate_scores,
    fit_calibration,
    for_site,
    logit,
    prevalence_of,
    stated_probability,
)
from idh_tasks.learning.stated import measure_stated
from tests.factories import scores


def true_scores(slope: float, intercept: float, n: int = 4000) -> tuple[list[HeldOutScore], float]:
    """Return scores whose logits are distorted by the inverse of this calibration, and the share of mutants."""
    rng = np.random.default_rng(1)
    probability = rng.beta(2, 6, n)
    mutant = rng.random(n) < probability
    output = 1 / (1 + np.exp(-(logit(probability) - intercept) / slope))
    own = [
        HeldOutScore(str(k), 0, bool(m), float(p), float(p))
        for k, (m, p) in enumerate(zip(mutant, output, strict=True))
    ]
    return own, float(mutant.mean())


@pytest.mark.parametrize(("slope", "intercept"), [(0.3, -1.5), (1.0, 0.0), (2.0, 1.0)])
def test_the_fit_reverses_the_distortion(slope: float, intercept: float) -> None:
    own, prevalence = true_scores(slope, intercept)
    fitted = fit_calibration(own, prevalence)
    assert (fitted.slope, fitted.intercept) == pytest.approx((slope, intercept), rel=0.1, abs=0.15)


def test_calibration_lowers_log_loss_and_calibration_error_and_keeps_the_order() -> None:
    own, prevalence = true_scores(0.3, -1.5)
    stated = apply_calibration(own, fit_calibration(own, prevalence))
    before, after = measure_stated(own, prevalence), measure_stated(stated, prevalence)
    assert after.ece < before.ece / 3
    assert after.log_loss < after.constant_log_loss < before.log_loss
    assert spearmanr([s.probability_mutant for s in stated], [s.calibrated for s in stated]).statistic > 0.9999


def test_the_mean_of_what_is_stated_is_the_prevalence_that_it_is_stated_for() -> None:
    own, _ = true_scores(0.5, -1)
    stated = apply_calibration(own, fit_calibration(own, 0.1))
    assert measure_stated(stated, 0.1).in_the_large == pytest.approx(0, abs=1e-4)


def test_classes_that_are_separated_have_a_finite_slope() -> None:
    own = scores(list(np.linspace(0.6, 0.9, 17)), list(np.linspace(0.1, 0.5, 83)))
    fitted = fit_calibration(own, 0.17)
    assert 0 < fitted.slope < 50
    stated = apply_calibration(own, fitted)
    assert 0.5 < min(s.calibrated for s in stated if s.mutant) < max(s.calibrated for s in stated) < 1


@pytest.mark.parametrize("own", [scores([0.5] * 17, [0.5] * 83), scores([], [0.1, 0.2]), scores([0.3], []), []])
def test_scores_that_tell_nothing_state_the_prevalence(own: list[HeldOutScore]) -> None:
    fitted = fit_calibration(own, 0.17)
    assert fitted.slope == 0
    assert stated_probability(np.array([0.01, 0.99]), fitted) == pytest.approx([0.17, 0.17])


def test_scores_in_the_wrong_order_are_not_turned() -> None:
    fitted = fit_calibration(scores(list(np.linspace(0.1, 0.4, 17)), list(np.linspace(0.5, 0.9, 83))), 0.17)
    assert fitted.slope == 0
    assert stated_probability(np.array([0.2]), fitted) == pytest.approx([0.17])


def test_a_patient_with_several_scores_counts_once() -> None:
    rng = np.random.default_rng(3)
    own = scores(list(rng.beta(3, 2, 17)), list(rng.beta(2, 3, 83)))
    once, twice = fit_calibration(own, 0.17), fit_calibration([*own, *own], 0.17)
    assert (twice.slope, twice.intercept) == pytest.approx((once.slope, once.intercept), abs=1e-3)


def test_the_labels_of_a_fold_do_not_affect_what_is_stated_in_it_by_any_repetition() -> None:
    rng = np.random.default_rng(4)
    own = scores(list(rng.beta(3, 2, 20)), list(rng.beta(2, 3, 80)))
    rows = [replace(s, fold=5 * r + (k + 7 * r) % 5, repetition=r) for r in range(3) for k, s in enumerate(own)]
    held_out = {s.patient_key for s in rows if s.fold == 0}
    turned = [replace(s, mutant=s.mutant != (s.patient_key in held_out)) for s in rows]
    before, after = (
        {s.patient_key: s.calibrated for s in calibrate_scores(x, 0.2) if s.fold == 0} for x in (rows, turned)
    )
    assert before == after
    others = [[s.calibrated for s in calibrate_scores(x, 0.2) if s.fold == 1] for x in (rows, turned)]
    assert others[0] != others[1]


def test_another_prevalence_at_the_site_shifts_the_log_odds() -> None:
    calibration = Calibration(0.4, -1.6, 0.17)
    shifted = for_site(calibration, 0.05)
    of_cohort, of_site = (logit(stated_probability(np.array([0.9]), c)) for c in (calibration, shifted))
    assert of_site - of_cohort == pytest.approx(np.log(0.05 / 0.95) - np.log(0.17 / 0.83))
    assert shifted.prevalence == 0.05
    assert for_site(calibration, None) == calibration
    assert for_site(UNCALIBRATED, 0.05) == UNCALIBRATED


def test_the_prevalence_is_that_of_the_patients_in_the_folds() -> None:
    folds = [Fold(0, ("a", "b"), ("c",)), Fold(1, ("b", "c"), ("a",))]
    assert prevalence_of({"a": True, "b": False, "c": False, "locked": True}, folds) == pytest.approx(1 / 3)
