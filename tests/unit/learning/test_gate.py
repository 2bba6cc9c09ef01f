"""A challenger that is worse, collapsed, or too good to be true is not promoted."""

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.gate import judge
from idh_tasks.settings import LearningSettings

SETTINGS = LearningSettings()


def cohort(seed: int, separation: float = 2.0, flipped: range = range(0)) -> list[HeldOutScore]:
    """Return scores of 100 patients, 30 mutants; the labels of some are flipped, as by a faulty import."""
    truth = np.arange(100) < 30
    probability = 1 / (1 + np.exp(-(np.random.default_rng(seed).normal(0, 1, 100) + separation * (truth - 0.5))))
    labels = [bool(t) != (n in flipped) for n, t in enumerate(truth)]
    return [
        HeldOutScore(f"p{n:03d}", n % 5, label, float(p), float(p))
        for n, (label, p) in enumerate(zip(labels, probability, strict=True))
    ]


def test_an_equally_good_challenger_passes_and_so_does_the_first_one() -> None:
    assert judge(cohort(1), cohort(2), None, SETTINGS).passed
    first = judge(cohort(1), [], None, SETTINGS)
    assert first.passed
    assert first.gain is None


def test_the_gain_is_measured_on_the_patients_that_both_have_scored() -> None:
    gain = judge(cohort(1, 3.0), cohort(2, 1.0), None, SETTINGS).gain
    assert gain is not None
    assert 0 < gain.low < gain.value < gain.high


def test_a_locked_set_decides_if_there_is_one() -> None:
    good, poor = cohort(3, separation=4.0)[:40], cohort(4, separation=0.0)[:40]
    assert judge(cohort(1), cohort(1), None, SETTINGS, (good, good)).passed
    refusals = judge(cohort(1), cohort(1), None, SETTINGS, (poor, good)).refusals
    assert Code.W_WORSE in {refusal.code for refusal in refusals}


def test_a_locked_set_of_one_class_decides_nothing() -> None:
    wildtypes = [score for score in cohort(3) if not score.mutant]
    gain = judge(cohort(1), cohort(2), None, SETTINGS).gain
    assert judge(cohort(1), cohort(2), None, SETTINGS, (wildtypes, wildtypes)).gain == gain


def test_t02_a_network_that_predicts_one_class_for_everybody_is_refused() -> None:
    collapsed = [HeldOutScore(s.patient_key, s.fold, s.mutant, 0.1, 0.1) for s in cohort(1)]
    [refusal] = judge(collapsed, [], None, SETTINGS).refusals
    assert str(refusal).startswith("E_COLLAPSE: all 100 held-out patients")


def test_t04_success_on_shuffled_labels_is_a_leak() -> None:
    refusals = judge(cohort(1), [], Interval(0.8, 0.35, 0.65), SETTINGS).refusals
    assert refusals[0].code is Code.E_CANARY
    assert judge(cohort(1), [], Interval(0.6, 0.35, 0.65), SETTINGS).passed


def test_t06_a_site_with_flipped_labels_stops_the_promotion() -> None:
    refusals = judge(cohort(1, flipped=range(20, 40)), cohort(1), None, SETTINGS).refusals
    assert Code.W_WORSE in {refusal.code for refusal in refusals}


def test_t06_five_percent_of_flipped_labels_stop_a_promotion_beside_a_good_champion() -> None:
    good = cohort(1, separation=5.0)
    refusals = judge(cohort(1, separation=5.0, flipped=range(28, 33)), good, None, SETTINGS).refusals
    assert Code.W_WORSE in {refusal.code for refusal in refusals}


def test_a_worse_calibration_is_refused_even_if_the_auc_is_equal() -> None:
    shifted = [
        HeldOutScore(s.patient_key, s.fold, s.mutant, s.probability_mutant, min(s.probability_mutant + 0.4, 1.0))
        for s in cohort(1)
    ]
    assert judge(shifted, cohort(1), None, SETTINGS).refusals[0].code is Code.W_CALIBRATION
