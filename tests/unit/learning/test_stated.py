"""Measures of stated probabilities equal those of scikit-learn, and know a constant from a prediction."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.performance import Interval, Performance
from idh_tasks.learning.performance import assess
from idh_tasks.learning.stated import measure_stated
from tests.factories import scores


def random_scores() -> list[HeldOutScore]:
    rng = np.random.default_rng(1)
    return scores(list(rng.beta(3, 3, 17)), list(rng.beta(2, 6, 83)))


def test_log_loss_and_brier_score_are_those_of_scikit_learn() -> None:
    own = random_scores()
    mutant, stated = [s.mutant for s in own], [s.calibrated for s in own]
    measured = measure_stated(own)
    assert measured.log_loss == pytest.approx(log_loss(mutant, stated))
    assert measured.constant_log_loss == pytest.approx(log_loss(mutant, [0.17] * 100))
    assert measured.calibrated_brier == pytest.approx(brier_score_loss(mutant, stated))
    assert measured.in_the_large == pytest.approx(np.mean(stated) - 0.17)


def test_overconfident_probabilities_have_a_slope_below_one() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(-1, 1, 20_000)
    mutant = rng.random(20_000) < 1 / (1 + np.exp(-logits))
    for factor in (0.5, 1.0, 2.0):
        stated = 1 / (1 + np.exp(-factor * logits))
        own = [
            HeldOutScore(str(k), 0, bool(m), 0.5, float(p)) for k, (m, p) in enumerate(zip(mutant, stated, strict=True))
        ]
        assert measure_stated(own).calibration_slope == pytest.approx(1 / factor, rel=0.1)


def test_a_constant_has_no_slope_and_is_no_better_than_itself() -> None:
    constant = [HeldOutScore(s.patient_key, 0, s.mutant, s.probability_mutant, 0.17) for s in random_scores()]
    measured = measure_stated(constant)
    assert measured.calibration_slope is None
    assert measured.log_loss == pytest.approx(measured.constant_log_loss)
    assert measured.ece == pytest.approx(0)


def test_separated_classes_have_no_slope() -> None:
    assert measure_stated(scores([0.8, 0.9, 0.95], [0.1, 0.2, 0.3])).calibration_slope is None


def test_test_sets_with_more_mutants_than_the_cohort_are_weighted_to_it() -> None:
    """The scheme `repeated` holds out more mutants; a constant is then right for the cohort and wrong for the rows."""
    enriched = [HeldOutScore(f"p{n}", 0, n < 30, 0.5, 0.17) for n in range(100)]
    assert measure_stated(enriched, 0.17).in_the_large == pytest.approx(0)
    assert measure_stated(enriched).in_the_large == pytest.approx(-0.13)


def test_a_cohort_whose_mutants_are_held_out_twice_as_often_has_the_same_measures() -> None:
    own = random_scores()
    again = [replace(s, patient_key=f"{s.patient_key} again") for s in own if s.mutant]
    share = np.mean([s.mutant for s in own])
    whole, enriched = (vars(measure_stated(rows, float(share))) for rows in (own, own + again))
    slopes = [measures.pop("calibration_slope") for measures in (whole, enriched)]
    assert enriched == pytest.approx(whole)
    assert slopes[1] == pytest.approx(slopes[0], rel=1e-2)


def test_a_performance_measures_what_is_stated_not_the_outputs() -> None:
    own = [HeldOutScore(s.patient_key, 0, s.mutant, s.probability_mutant, 0.17) for s in random_scores()]
    performance = assess(own, 1)
    assert performance.ece == pytest.approx(0)
    assert performance.brier == pytest.approx(np.mean([(s.probability_mutant - s.mutant) ** 2 for s in own]))
    assert performance.calibrated_brier == pytest.approx(0.17 * 0.83)


@pytest.mark.parametrize(("own", "behind"), [(0.45, False), (0.4556, True), (0.456, True), (0.5, True), (None, False)])
def test_who_is_no_better_than_the_constant_is_said_to_be(own: float | None, behind: bool) -> None:
    performance = Performance(100, 17, Interval(0.7, 0.6, 0.8), 0.2, log_loss=own, constant_log_loss=0.456)
    assert performance.behind_the_constant is behind


@pytest.mark.parametrize(("spread", "stated"), [(0.05, False), (1.0, True)])
def test_there_is_a_slope_only_if_chance_does_not_decide_it(spread: float, stated: bool) -> None:
    rng = np.random.default_rng(3)
    probabilities = 1 / (1 + np.exp(1.5 - spread * rng.standard_normal(100)))
    hardly = scores(list(probabilities[:17]), list(probabilities[17:]))
    assert (measure_stated(hardly).calibration_slope is not None) == stated


def test_repetitions_give_no_more_evidence_for_a_slope() -> None:
    probabilities = 1 / (1 + np.exp(1.5 - 0.2 * np.random.default_rng(3).standard_normal(100)))
    once = scores(list(probabilities[:17]), list(probabilities[17:]))
    repeated = [replace(score, repetition=number) for number in range(9) for score in once]
    assert measure_stated(once).calibration_slope is None
    assert measure_stated(repeated).calibration_slope is None
