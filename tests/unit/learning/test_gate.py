"""A challenger without signal, or worse than the best champion so far, is not promoted."""

from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Comparison, HeldOutScore, LeakCheck
from idh_tasks.domain.performance import Interval, Performance
from idh_tasks.learning.gate import Evidence, GateDecision, Rounds, judge
from idh_tasks.learning.performance import assess
from idh_tasks.settings import LearningSettings
from tests.factories import scores

SETTINGS = LearningSettings()
RELAXED = LearningSettings(promotion_floor=0, relabelled_share=1)
NONE = Evidence()
LABELLINGS = (range(0), range(20, 26))
MARK = LeakCheck("single pixels", 0.97, 0.0001, Code.E_LABEL_MARK)


def cohort(seed: int, separation: float = 2.0, flipped: range = range(0)) -> list[HeldOutScore]:
    """Return scores of 100 patients, 30 mutants; the labels of some are flipped, as by a faulty import."""
    truth = np.arange(100) < 30
    probability = 1 / (1 + np.exp(-(np.random.default_rng(seed).normal(0, 1, 100) + separation * (truth - 0.5))))
    labels = [bool(t) != (n in flipped) for n, t in enumerate(truth)]
    return [
        HeldOutScore(f"p{n:03d}", n % 5, label, float(p), float(p))
        for n, (label, p) in enumerate(zip(labels, probability, strict=True))
    ]


def evidence(given: list[HeldOutScore], locked: list[HeldOutScore] | None = None) -> Evidence:
    return Evidence(given, locked or [], assess(given, seed=1))


def with_auc(value: float, low: float) -> Evidence:
    """Return a network with this AUC in its report."""
    return Evidence(cohort(1), (), Performance(100, 30, Interval(value, low, 1.0), brier=0.1))


def codes(decision: GateDecision) -> list[Code]:
    return [refusal.code for refusal in decision.refusals]


def brier(given: list[HeldOutScore]) -> float:
    return float(np.mean([(s.calibrated - s.mutant) ** 2 for s in given]))


def calibrated(given: list[HeldOutScore], by: float) -> list[HeldOutScore]:
    return [replace(s, calibrated=s.calibrated + by * (0.5 - s.calibrated)) for s in given]


def test_an_equally_good_challenger_passes_and_so_does_the_first_one() -> None:
    assert judge(evidence(cohort(1)), evidence(cohort(2)), (), SETTINGS).passed
    first = judge(evidence(cohort(1)), NONE, (), SETTINGS)
    assert (first.passed, first.gain, first.compared) == (True, None, "the first champion")


def test_a_network_after_a_withdrawn_champion_is_not_called_the_first_one() -> None:
    next_one = replace(judge(evidence(cohort(1)), NONE, (), SETTINGS), withdrawn=True)
    assert next_one.compared == "not compared, because there is no champion: the last one was withdrawn"
    refused = replace(judge(evidence(cohort(1)), NONE, [MARK], SETTINGS), withdrawn=True)
    assert (refused.passed, refused.compared) == (False, next_one.compared)


@pytest.mark.parametrize("shared", [0, 1])
def test_without_patients_in_common_no_comparison_is_claimed(shared: int) -> None:
    """One mutant whom both have scored is too few."""
    others = [s if n < shared else replace(s, patient_key=f"x{n}") for n, s in enumerate(cohort(2, separation=4.0))]
    decision = judge(evidence(cohort(1)), evidence(others), (), SETTINGS)
    assert (decision.gain, decision.power, decision.first) == (None, None, False)
    assert decision.compared.startswith("not compared with the best champion so far")
    assert "would go unnoticed" in decision.compared


def test_scores_that_are_no_longer_there_make_nobody_the_first_champion() -> None:
    best = replace(evidence(cohort(2)), scores=[])
    assert not judge(evidence(cohort(1)), best, (), SETTINGS).first


def test_after_a_drift_a_network_that_cannot_be_compared_does_not_replace_the_best_champion() -> None:
    others = [replace(s, patient_key=f"x{n}") for n, s in enumerate(cohort(2))]
    rounds = Rounds(replaced=True, drifted=True)
    decision = judge(evidence(cohort(1)), evidence(others), (), SETTINGS, rounds=rounds)
    assert [str(refusal) for refusal in decision.refusals] == ["W_DRIFT: not compared"]


# --- by itself


@pytest.mark.parametrize(("low", "refused"), [(0.501, []), (0.5, ["E_NO_SIGNAL"]), (float("nan"), ["E_NO_SIGNAL"])])
def test_the_lower_bound_of_the_auc_must_exceed_the_floor(low: float, refused: list[str]) -> None:
    assert codes(judge(with_auc(0.7, low), NONE, (), SETTINGS)) == refused
    assert judge(with_auc(0.7, low), NONE, (), LearningSettings(promotion_floor=0)).passed


def test_a_network_at_chance_is_refused_without_a_champion_and_the_figures_are_stated() -> None:
    [refusal] = judge(evidence(cohort(3, separation=0.0)), NONE, (), SETTINGS).refusals
    assert refusal.code is Code.E_NO_SIGNAL
    found = assess(cohort(3, separation=0.0), seed=1).auc
    assert f"AUC {found.value:.2f}, lower bound {found.low:.2f}; the lower bound must exceed 0.5" in refusal.reason
    [constant] = judge(with_auc(0.5, float("nan")), NONE, (), SETTINGS).refusals
    assert constant.reason == "AUC 0.50, no interval; the lower bound must exceed 0.5"


def test_a_network_without_an_auc_is_refused() -> None:
    assert codes(judge(Evidence(cohort(1)), NONE, (), SETTINGS)) == ["E_NO_SIGNAL"]


@pytest.mark.parametrize(("auc", "refused"), [(0.75, []), (0.7499, ["W_BASELINE"])])
def test_the_best_baseline_may_be_ahead_by_the_margin_only(auc: float, refused: list[str]) -> None:
    named = {"baseline: age and sex": 0.875, "baseline: majority class": 0.5}
    baselines = [Comparison(name, Performance(100, 30, Interval(v, 0, 1), brier=0.1)) for name, v in named.items()]
    settings = LearningSettings(baseline_margin=0.125)
    decision = judge(with_auc(auc, 0.6), NONE, (), settings, baselines)
    assert codes(decision) == refused
    if refused:
        assert "AUC -0.125 compared with the baseline: age and sex, -0.125 is allowed" in str(decision.refusals[0])


def test_t02_a_network_that_predicts_one_class_for_everybody_is_refused() -> None:
    collapsed = [replace(s, probability_mutant=0.1, calibrated=0.1) for s in cohort(1)]
    [refusal] = judge(Evidence(collapsed), NONE, (), RELAXED).refusals
    assert str(refusal).startswith("E_COLLAPSE: all 100 held-out patients")


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
    refusals = tuple(map(str, judge(Evidence(scores(mutant, wildtype)), NONE, (), RELAXED).refusals))
    assert refusals == (() if stated is None else (f"E_COLLAPSE: {stated}",))


def test_t04_a_label_in_a_pixel_is_refused_with_the_figures() -> None:
    [refusal] = judge(evidence(cohort(1)), NONE, [MARK], SETTINGS).refusals
    assert str(refusal) == "E_LABEL_MARK: single pixels: AUC 0.97, p = 0.0001"


@pytest.mark.parametrize("code", [Code.W_CONTROL, Code.W_LEAK_BLIND, None])
def test_t04_what_may_be_biology_is_said_and_refuses_nothing(code: Code | None) -> None:
    assert judge(evidence(cohort(1)), NONE, [LeakCheck("outline", 0.9, 0.0001, code)], SETTINGS).passed


# --- beside the best champion so far


def test_t06_a_site_with_flipped_labels_stops_the_promotion() -> None:
    decision = judge(evidence(cohort(1, flipped=range(20, 40))), evidence(cohort(1)), (), SETTINGS)
    assert codes(decision) == ["W_RELABELLED"]
    assert "20 of 100 patients have another label; 3% are allowed" in str(decision.refusals[0])


def test_t06_five_percent_of_flipped_labels_stop_a_promotion() -> None:
    good = cohort(1, separation=5.0)
    assert codes(judge(evidence(cohort(1, 5.0, range(28, 33))), evidence(good), (), SETTINGS)) == ["W_RELABELLED"]
    assert judge(evidence(cohort(1, 5.0, range(28, 31))), evidence(good), (), SETTINGS).passed


def test_both_networks_are_measured_with_the_labels_of_the_challenger() -> None:
    """A corrected label counts for both: the champion does not look better because it was scored before."""
    relabelled = cohort(1, flipped=range(20, 26))
    gain = judge(evidence(relabelled), evidence(cohort(1)), (), RELAXED).gain
    assert gain is not None
    assert (gain.value, gain.error) == (0.0, 0.0)
    gains = [judge(evidence(relabelled), evidence(cohort(2, flipped=own)), (), RELAXED).gain for own in LABELLINGS]
    assert gains[0] == gains[1]
    assert gains[0] != judge(evidence(cohort(1)), evidence(cohort(2)), (), RELAXED).gain


def test_a_network_is_refused_if_it_is_worse_beyond_chance_and_the_figures_are_stated() -> None:
    decision = judge(evidence(cohort(1, 0.5)), evidence(cohort(2, 3.0)), (), RELAXED)
    assert decision.gain is not None
    interval = decision.gain.interval
    figures = [f"{figure:+.3f}" for figure in (interval.value, interval.low, interval.high)]
    refusal = str(decision.refusals[0])
    assert refusal.startswith("W_WORSE: ")
    assert [word.strip("[],") for word in refusal.split() if word.strip("[,")[0] in "+-"] == figures
    assert "out of fold, 100 patients, 30 mutants" in decision.compared
    assert f"a true loss of 0.10 would be noticed in {decision.power:.0%} of such comparisons" in decision.compared


def test_the_margin_is_a_loss_that_is_allowed() -> None:
    mine, theirs = evidence(cohort(1, 1.0)), evidence(cohort(2, 3.0))
    assert Code.W_WORSE in codes(judge(mine, theirs, (), RELAXED))
    for margin, refused in ((0.05, True), (0.5, False)):
        settings = RELAXED.model_copy(update={"promotion_margin": margin, "calibration_margin": 1.0})
        assert (codes(judge(mine, theirs, (), settings)) == ["W_WORSE"]) is refused


def test_a_locked_set_decides_if_there_is_one_and_it_may_be_looked_at() -> None:
    good, poor = cohort(3, separation=4.0)[10:60], cohort(4, separation=0.0)[10:60]
    mine, best = evidence(cohort(1), poor), evidence(cohort(1), good)
    seen, unseen = judge(mine, best, (), SETTINGS), judge(mine, best, (), SETTINGS, may_look=False)
    assert (Code.W_WORSE in codes(seen), seen.on_locked) == (True, True)
    assert "locked test set, 50 patients, 20 mutants" in seen.compared
    assert (unseen.passed, unseen.on_locked) == (True, False)


def test_the_locked_set_is_not_looked_at_if_the_network_is_refused_anyway() -> None:
    locked = cohort(3, separation=4.0)
    blind = Evidence([replace(s, probability_mutant=0.1) for s in cohort(1)], locked)
    decision = judge(blind, evidence(cohort(1), locked), (), RELAXED)
    assert (decision.refusals[0].code, decision.on_locked) == (Code.E_COLLAPSE, False)


def test_the_locked_set_needs_two_of_each_class_among_the_patients_both_were_tested_on() -> None:
    poor, mine = cohort(4, separation=0.0), cohort(1)
    for locked in (
        (poor[:40], mine[30:]),  # both have wild types in common only
        (poor[:30], mine),
        (mine, poor[:30]),
        (poor[:31], mine),  # one wild type
        (poor, []),
        ([], poor),
    ):
        assert not judge(evidence(mine, locked[0]), evidence(cohort(2), locked[1]), (), SETTINGS).on_locked
    assert judge(evidence(mine, poor[:32]), evidence(cohort(2), mine), (), SETTINGS).on_locked


def test_a_worse_calibration_is_refused_even_if_the_auc_is_equal() -> None:
    good = cohort(1, separation=5.0)
    poor = calibrated(good, 0.9)
    [refusal] = judge(evidence(poor), evidence(good), (), SETTINGS).refusals
    assert refusal.code is Code.W_CALIBRATION
    assert f"{brier(poor) - brier(good):+.3f} [" in refusal.reason
    assert "on the same 100 patients, +0.030 is allowed" in refusal.reason
    assert judge(evidence(good), evidence(poor), (), SETTINGS).passed


def test_a_loss_of_calibration_within_the_margin_or_within_chance_is_allowed() -> None:
    good = cohort(1, separation=5.0)
    poor = calibrated(good, 0.9)
    loss = brier(poor) - brier(good)
    for margin, passed in ((loss + 1e-9, True), (loss - 1e-9, False)):
        settings = LearningSettings(calibration_margin=margin)
        assert judge(evidence(poor), evidence(good), (), settings).passed is passed
    unlucky = [replace(s, calibrated=1.0 - s.mutant) if n in (0, 50, 60, 70) else s for n, s in enumerate(good)]
    assert brier(unlucky) - brier(good) > 0.03
    assert judge(evidence(unlucky), evidence(good), (), SETTINGS).passed, "four patients are no evidence"


def test_another_case_mix_does_not_make_an_unchanged_network_worse_calibrated() -> None:
    """The champion's easy patients are not in the new dataset: only those whom both have scored count."""
    same = cohort(1)
    easy = [HeldOutScore(f"e{n}", 0, False, 0.01, 0.01) for n in range(100)]
    assert brier(same) - brier(same + easy) > SETTINGS.calibration_margin
    assert judge(evidence(same), evidence(same + easy), (), SETTINGS).passed


# --- over rounds


def test_all_reasons_are_stated_and_not_only_the_first() -> None:
    blind = [replace(s, probability_mutant=0.1, calibrated=0.1) for s in cohort(1)]
    best = evidence(cohort(1, separation=5.0))
    own = Evidence(blind, (), with_auc(0.5, float("nan")).performance)
    refusals = judge(own, best, [MARK], SETTINGS, rounds=Rounds(drifted=True)).refusals
    named = [refusal.code.value for refusal in refusals]
    assert named == ["E_COLLAPSE", "E_LABEL_MARK", "E_NO_SIGNAL", "W_WORSE", "W_CALIBRATION", "W_DRIFT"]


def test_the_order_of_the_patients_does_not_matter() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    forwards, backwards = (
        judge(Evidence(a), Evidence(b), (), RELAXED).gain for a, b in ((mine[::-1], theirs), (mine, theirs[::-1]))
    )
    assert forwards == backwards
