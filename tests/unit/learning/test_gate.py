"""A challenger that is worse, collapsed, or too good to be true is not promoted."""

from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore, Interval, Refusal
from idh_tasks.learning.gate import GateDecision, judge
from idh_tasks.settings import LearningSettings
from tests.factories import scores

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


def auc(given: list[HeldOutScore]) -> float:
    """Return the share of mutant/wild-type pairs in the right order; ties count half."""
    mutant, wildtype = (np.array([s.probability_mutant for s in given if s.mutant is kind]) for kind in (True, False))
    pairs = mutant[:, None] - wildtype
    return float(np.mean((pairs > 0) + 0.5 * (pairs == 0)))


def renamed(given: list[HeldOutScore], offset: int) -> list[HeldOutScore]:
    """Return the same scores for other patients."""
    return [replace(s, patient_key=f"p{offset + n:03d}") for n, s in enumerate(given)]


def test_the_gain_is_the_difference_in_auc_over_the_patients_both_were_tested_on() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    gain = judge(mine[10:], theirs[:80], None, SETTINGS).gain
    assert gain is not None
    assert gain.value == pytest.approx(auc(mine[10:80]) - auc(theirs[10:80]), abs=1e-12)


def test_each_network_is_measured_with_its_own_labels() -> None:
    mine, theirs = cohort(1, 3.0, flipped=range(20, 26)), cohort(2, 1.0)
    gain = judge(mine, theirs, None, SETTINGS).gain
    assert gain is not None
    assert gain.value == pytest.approx(auc(mine) - auc(theirs), abs=1e-12)


def test_the_order_of_the_patients_does_not_matter() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    assert judge(mine[::-1], theirs, None, SETTINGS) == judge(mine, theirs[::-1], None, SETTINGS)


def test_tied_scores_count_half() -> None:
    tied, certain = scores([0.5, 0.9], [0.5, 0.1]), scores([0.9, 0.8], [0.1, 0.2])
    gain = judge(tied, certain, None, SETTINGS).gain
    assert gain is not None
    assert gain.value == pytest.approx(-1 / 8)


def test_the_interval_of_the_gain_is_that_of_a_paired_bootstrap() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    rng, differences = np.random.default_rng(7), []
    for _ in range(4000):
        drawn = rng.integers(0, 100, 100)
        differences.append(auc([mine[n] for n in drawn]) - auc([theirs[n] for n in drawn]))
    gains = [judge(mine, theirs, None, LearningSettings(seed=seed)).gain for seed in range(20)]
    bounds = np.mean([(gain.low, gain.high) for gain in gains if gain], axis=0)
    np.testing.assert_allclose(bounds, np.quantile(differences, [0.025, 0.975]), atol=0.005)


def test_a_network_gains_nothing_on_itself_in_any_resample() -> None:
    assert judge(cohort(1), cohort(1), None, SETTINGS).gain == Interval(0.0, 0.0, 0.0)


def test_the_interval_is_determined_by_the_seed() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    other = LearningSettings(seed=SETTINGS.seed + 1)
    assert judge(mine, theirs, None, SETTINGS).gain == judge(mine, theirs, None, SETTINGS).gain
    assert judge(mine, theirs, None, SETTINGS).gain != judge(mine, theirs, None, other).gain


@pytest.mark.parametrize("seed", range(10))
def test_resamples_without_one_of_the_classes_are_ignored(seed: int) -> None:
    """With two patients, half of the resamples contain one of them twice."""
    gain = judge(scores([0.9], [0.1]), scores([0.1], [0.9]), None, LearningSettings(seed=seed)).gain
    assert gain == Interval(1.0, 1.0, 1.0)


@pytest.mark.parametrize("wrong", range(6))
def test_every_patient_can_appear_in_a_resample(wrong: int) -> None:
    certain = scores([0.9, 0.9, 0.9], [0.1, 0.1, 0.1])
    mine = [replace(s, probability_mutant=1 - s.probability_mutant) if n == wrong else s for n, s in enumerate(certain)]
    gain = judge(mine, certain, None, SETTINGS).gain
    assert gain is not None
    assert gain.low < gain.value < gain.high == 0


def test_there_is_no_gain_without_common_patients_or_with_one_class_only() -> None:
    mine = cohort(1)
    assert judge(mine, renamed(cohort(1), 200), None, SETTINGS).gain is None
    assert judge(scores([0.9, 0.4], []), scores([0.8, 0.3], []), None, SETTINGS).gain is None


def test_an_auc_lower_by_exactly_the_margin_is_allowed() -> None:
    mine, theirs = scores([0.9, 0.2], [0.4, 0.1]), scores([0.9, 0.8], [0.4, 0.1])
    loss = auc(theirs) - auc(mine)
    assert loss == 0.25
    allowed, refused = (LearningSettings(promotion_margin=m, calibration_margin=1) for m in (loss, loss - 1e-9))
    assert judge(mine, theirs, None, allowed).passed
    assert not judge(mine, theirs, None, refused).passed


def test_a_refusal_for_a_lower_auc_states_the_figures() -> None:
    mine, theirs = cohort(1, 0.5), cohort(2, 3.0)
    verdict = judge(mine, theirs, None, LearningSettings(promotion_margin=0.125, calibration_margin=1))
    assert verdict.gain is not None
    figures = [f"{figure:+.3f}" for figure in (verdict.gain.value, verdict.gain.low, verdict.gain.high, -0.125)]
    (refusal,) = map(str, verdict.refusals)
    assert refusal.startswith("W_WORSE: ")
    assert [word.strip("[],") for word in refusal.split() if word.strip("[,")[0] in "+-"] == figures


def brier(given: list[HeldOutScore]) -> float:
    return float(np.mean([(s.calibrated - s.mutant) ** 2 for s in given]))


def calibrated(given: list[HeldOutScore], by: float) -> list[HeldOutScore]:
    return [replace(s, calibrated=s.calibrated + by * (0.5 - s.calibrated)) for s in given]


def test_a_brier_score_higher_by_exactly_the_margin_is_allowed() -> None:
    good, poor = scores([0.75, 0.75], [0.25, 0.25]), scores([0.5, 0.5], [0.25, 0.25])
    assert brier(poor) - brier(good) == 0.09375
    allowed, refused = (LearningSettings(calibration_margin=m) for m in (0.09375, 0.09374))
    assert judge(poor, good, None, allowed).passed
    (refusal,) = map(str, judge(poor, good, None, refused).refusals)
    assert refusal.startswith("W_CALIBRATION: ")


def test_a_refusal_for_calibration_states_the_figures_of_the_calibrated_scores() -> None:
    good = cohort(1, separation=5.0)
    poor = calibrated(good, 0.9)
    (refusal,) = map(str, judge(poor, good, None, LearningSettings(calibration_margin=0.0625)).refusals)
    assert f"{brier(poor) - brier(good):+.3f}" in refusal
    assert f"{0.0625:+.3f}" in refusal
    assert judge(good, poor, None, SETTINGS).passed


def test_the_locked_set_also_decides_on_calibration() -> None:
    good = cohort(3, separation=5.0)[:60]
    poor = calibrated(good, 0.9)
    assert judge(cohort(1), cohort(1), None, SETTINGS, (good, good)).passed
    (refusal,) = map(str, judge(cohort(1), cohort(1), None, SETTINGS, (poor, good)).refusals)
    assert refusal.startswith("W_CALIBRATION: ")


def test_the_locked_set_needs_both_classes_among_the_patients_both_were_tested_on() -> None:
    mine, theirs = cohort(1), cohort(2)
    out_of_fold = judge(mine, theirs, None, SETTINGS).gain
    poor = cohort(4, separation=0.0)
    for locked in (
        (poor[:40], mine[30:]),  # both have wild types in common only
        (poor[:30], mine),  # the champion's wild types are unknown to the challenger
        (mine, poor[:30]),
        (poor, []),
        ([], poor),
    ):
        assert judge(mine, theirs, None, SETTINGS, locked).gain == out_of_fold
    assert judge(mine, theirs, None, SETTINGS, (poor[:31], mine)).gain != out_of_fold


@pytest.mark.parametrize(
    ("mutant", "wildtype", "stated"),
    [
        ([0.5, 0.9], [0.5, 0.6], "all 4 held-out patients are predicted to be mutant"),
        ([0.49, 0.1], [0.2], "all 3 held-out patients are predicted to be wild type"),
        ([0.5, 0.1], [0.2], None),
        ([0.9], [0.5, 0.49], None),
    ],
)
def test_t02_the_same_call_for_every_patient_is_a_collapse(
    mutant: list[float], wildtype: list[float], stated: str | None
) -> None:
    refusals = tuple(map(str, judge(scores(mutant, wildtype), [], None, SETTINGS).refusals))
    assert refusals == (() if stated is None else (f"E_COLLAPSE: {stated}",))


def test_t02_a_collapse_is_refused_regardless_of_the_locked_set() -> None:
    good, blind = cohort(1), [replace(s, probability_mutant=0.1) for s in cohort(1)]
    refusals = judge(blind, [], None, SETTINGS, (good, good)).refusals
    assert [refusal.code for refusal in refusals] == ["E_COLLAPSE"]


def test_t04_a_canary_at_the_limit_passes_and_one_above_it_is_refused_with_the_figures() -> None:
    assert judge(cohort(1), [], Interval(0.65, 0.35, 0.65), SETTINGS).passed
    (refusal,) = map(str, judge(cohort(1), [], Interval(0.81, 0.35, 0.65), SETTINGS).refusals)
    assert [word for word in refusal.replace(",", " ").split() if word[0].isdigit()] == ["0.81", "0.35", "0.65"]


def test_all_reasons_are_stated_and_not_only_the_first() -> None:
    blind = [replace(s, probability_mutant=0.1, calibrated=0.1) for s in cohort(1)]
    refusals = judge(blind, cohort(1, separation=5.0), Interval(0.8, 0.35, 0.65), SETTINGS).refusals
    codes = [refusal.code for refusal in refusals]
    assert codes == ["E_COLLAPSE", "E_CANARY", "W_WORSE", "W_CALIBRATION"]


REFUSAL = Refusal(Code.E_COLLAPSE, "all patients alike")


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (GateDecision((), None), "the first champion"),
        (GateDecision((), Interval(0.155, -0.047, 0.36)), "AUC +0.155 [-0.047, +0.360] compared with the champion"),
        (GateDecision((REFUSAL,), Interval(0.1, 0.0, 0.2)), "E_COLLAPSE: all patients alike"),
        (GateDecision((REFUSAL, REFUSAL), None), "E_COLLAPSE: all patients alike; E_COLLAPSE: all patients alike"),
    ],
)
def test_a_decision_reads_as_one_sentence(decision: GateDecision, sentence: str) -> None:
    assert str(decision) == sentence
