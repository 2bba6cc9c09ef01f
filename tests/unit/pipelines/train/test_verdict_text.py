"""A person reads absolute figures of both networks, the baselines, and the verdict in words."""

from dataclasses import replace

import pytest

from idh_tasks.db.judgements import LockedLooks, Verdict
from idh_tasks.domain.learning import Comparison
from idh_tasks.domain.performance import Interval, Performance
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.train.verdict_text import baselines_text, rules_text, verdict_text
from idh_tasks.settings import LearningSettings

CHALLENGER = Performance(120, 21, Interval(0.9312, 0.85, 0.98), brier=0.11, ece=0.044, calibrated_brier=0.0901)
CHAMPION = Performance(100, 17, Interval(0.78, 0.66, 0.89), brier=0.118)


def verdict(accepted: bool = True, relabelled: int = 0) -> Verdict:
    return Verdict(MrSequence.ADC, "m", accepted, "AUC +0.155 [-0.047, +0.360]", 98, 7, relabelled)


def test_both_networks_have_their_figures_and_what_changes_is_counted() -> None:
    assert verdict_text(verdict(), CHALLENGER, CHAMPION).splitlines() == [
        "**ADC: accepted**, AUC +0.155 [-0.047, +0.360]",
        "- challenger: AUC 0.93 [0.85, 0.98], 120 patients (21 mutant), Brier score 0.090, calibration error 0.044",
        "- champion: AUC 0.78 [0.66, 0.89], 100 patients (17 mutant), Brier score of the outputs 0.118",
        "- the predicted label changes for 7 of 98 patients whom both have scored",
    ]


def test_the_first_network_of_a_sequence_is_compared_with_none() -> None:
    lines = verdict_text(verdict(), CHALLENGER, None).splitlines()
    assert lines[-1] == "- champion: none"


@pytest.mark.parametrize(
    ("log_loss", "said"),
    [(0.4, "log loss 0.400, constant 0.456"), (0.46, "constant 0.456: no better than the constant")],
)
def test_an_accepted_network_that_is_no_better_than_the_constant_is_said_to_be(log_loss: float, said: str) -> None:
    challenger = replace(CHALLENGER, log_loss=log_loss, constant_log_loss=0.456)
    assert verdict_text(verdict(), challenger, CHAMPION).splitlines()[1].endswith(said)


@pytest.mark.parametrize(("accepted", "word"), [(True, "accepted"), (False, "refused")])
def test_the_verdict_is_a_word(accepted: bool, word: str) -> None:
    assert verdict_text(verdict(accepted), CHALLENGER, CHAMPION).startswith(f"**ADC: {word}**")


def test_the_best_champion_is_proposed_again_after_a_drift() -> None:
    drifted = replace(verdict(accepted=False), drifted=True, restores_id="b")
    assert verdict_text(drifted, CHALLENGER, CHAMPION).splitlines()[-1] == (
        "- proposed instead: model `b`, the best champion so far, becomes champion again"
    )


def test_rules_that_are_switched_off_and_the_use_of_the_locked_set_are_stated() -> None:
    looks = LockedLooks(others=3, looked=False)
    assert rules_text(LearningSettings(), looks) == []
    floor, baseline = rules_text(LearningSettings(promotion_floor=0, baseline_margin=1), looks)
    assert floor.startswith("**Not a full test.** The promotion floor is switched off")
    assert baseline.startswith("**Not a full test.** The comparison with baselines is switched off")
    assert rules_text(LearningSettings(promotion_floor=0.01, baseline_margin=0.99), looks) == []
    [locked] = rules_text(LearningSettings(locked_share=0.2), looks)
    assert "3 other training runs within a year, 4 a year are allowed" in locked


def test_corrected_labels_are_counted() -> None:
    assert "; 2 have another label since" in verdict_text(verdict(relabelled=2), CHALLENGER, CHAMPION)


def test_baselines_are_listed_without_the_fusions() -> None:
    text = baselines_text([Comparison("fusion: mean", CHALLENGER), Comparison("baseline: age and sex", CHAMPION)])
    assert text.splitlines()[1:] == [
        "- age and sex: AUC 0.78 [0.66, 0.89], 100 patients (17 mutant), Brier score of the outputs 0.118"
    ]
    assert baselines_text([]) == "No baseline was computed."


def test_a_baseline_whose_scores_do_not_vary_has_no_interval() -> None:
    constant = Performance(10, 5, Interval(0.5, float("nan"), float("nan")), brier=0.25)
    assert "AUC 0.50 (no interval), 10" in baselines_text([Comparison("baseline: majority class", constant)])
