"""A challenger that is worse, blind, or too good to be true stays where it is."""

import numpy as np

from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.gate import judge
from idh_tasks.settings import LearningSettings

SETTINGS = LearningSettings()


def cohort(seed: int, separation: float = 2.0, flipped: range = range(0)) -> list[HeldOutScore]:
    """Return scores of 100 patients, 30 mutants; the labels of some are flipped, as a wrong import would."""
    truth = np.arange(100) < 30
    given = 1 / (1 + np.exp(-(np.random.default_rng(seed).normal(0, 1, 100) + separation * (truth - 0.5))))
    labels = [bool(t) != (n in flipped) for n, t in enumerate(truth)]
    return [
        HeldOutScore(f"p{n:03d}", n % 5, label, float(p), float(p))
        for n, (label, p) in enumerate(zip(labels, given, strict=True))
    ]


def test_one_that_is_as_good_passes_and_the_first_of_all_has_nothing_to_beat() -> None:
    assert judge(cohort(1), cohort(2), None, SETTINGS).passed
    first = judge(cohort(1), [], None, SETTINGS)
    assert first.passed
    assert first.gain is None


def test_the_gain_is_measured_on_the_same_patients_with_its_interval() -> None:
    gain = judge(cohort(1, 3.0), cohort(2, 1.0), None, SETTINGS).gain
    assert gain is not None
    assert 0 < gain.low < gain.value < gain.high


def test_where_there_is_a_locked_set_it_decides() -> None:
    good, poor = cohort(3, separation=4.0)[:40], cohort(4, separation=0.0)[:40]
    assert judge(cohort(1), cohort(1), None, SETTINGS, (good, good)).passed
    refusals = judge(cohort(1), cohort(1), None, SETTINGS, (poor, good)).refusals
    assert any(reason.startswith("W_WORSE") for reason in refusals)


def test_a_locked_set_of_one_class_decides_nothing() -> None:
    wildtypes = [score for score in cohort(3) if not score.mutant]
    gain = judge(cohort(1), cohort(2), None, SETTINGS).gain
    assert judge(cohort(1), cohort(2), None, SETTINGS, (wildtypes, wildtypes)).gain == gain


def test_t02_a_network_that_calls_everybody_the_same_is_no_champion() -> None:
    blind = [HeldOutScore(s.patient_key, s.fold, s.mutant, 0.1, 0.1) for s in cohort(1)]
    assert judge(blind, [], None, SETTINGS).refusals[0].startswith("E_COLLAPSE: all 100 held-out patients")


def test_t04_what_is_learnt_from_shuffled_labels_is_a_leak() -> None:
    refusals = judge(cohort(1), [], Interval(0.8, 0.35, 0.65), SETTINGS).refusals
    assert refusals[0].startswith("E_CANARY")
    assert judge(cohort(1), [], Interval(0.6, 0.35, 0.65), SETTINGS).passed


def test_t06_a_site_whose_labels_are_flipped_stops_the_promotion() -> None:
    refusals = judge(cohort(1, flipped=range(20, 40)), cohort(1), None, SETTINGS).refusals
    assert any(reason.startswith("W_WORSE") for reason in refusals)


def test_t06_five_percent_of_flipped_labels_show_beside_a_good_champion() -> None:
    good = cohort(1, separation=5.0)
    refusals = judge(cohort(1, separation=5.0, flipped=range(28, 33)), good, None, SETTINGS).refusals
    assert any(reason.startswith("W_WORSE") for reason in refusals)


def test_a_worse_calibration_is_refused_at_equal_order() -> None:
    shifted = [
        HeldOutScore(s.patient_key, s.fold, s.mutant, s.probability_mutant, min(s.probability_mutant + 0.4, 1.0))
        for s in cohort(1)
    ]
    assert judge(shifted, cohort(1), None, SETTINGS).refusals[0].startswith("W_CALIBRATION")
