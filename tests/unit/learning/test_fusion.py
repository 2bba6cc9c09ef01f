"""Fusions and baselines never use the labels of the patients that they predict."""

import numpy as np
import pytest

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.baselines import baseline_scores
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.fusion import mean_fusion
from idh_tasks.learning.metrics import measure
from idh_tasks.learning.stated import measure_stated


def cohort() -> tuple[dict[MrSequence, list[HeldOutScore]], dict[str, bool]]:
    """Return weakly informative scores of two sequences, the second for half of the patients, and the labels."""
    rng = np.random.default_rng(2)
    labels = {f"p{n:03d}": n < 40 for n in range(120)}
    fold_of = {p: fold.number for fold in stratified_folds(labels, 5, 1) for p in fold.test}
    scores = {}
    for sequence, own in ((MrSequence.T1, list(labels)), (MrSequence.RCBV, list(labels)[::2])):
        logits = np.array([labels[p] * 1.5 for p in own]) + rng.normal(-0.75, 1, len(own))
        scores[sequence] = [
            HeldOutScore(p, fold_of[p], labels[p], float(v), float(v))
            for p, v in zip(own, 1 / (1 + np.exp(-logits)), strict=True)
        ]
    return scores, labels


def test_mean_fusion_takes_the_mean_over_the_sequences_of_a_patient() -> None:
    scores, labels = cohort()
    fused = {score.patient_key: score.probability_mutant for score in mean_fusion(scores, 1 / 3)}
    t1, rcbv = ({s.patient_key: s.probability_mutant for s in scores[q]} for q in (MrSequence.T1, MrSequence.RCBV))
    assert set(fused) == set(labels)
    assert fused["p000"] == pytest.approx((t1["p000"] + rcbv["p000"]) / 2)
    assert fused["p001"] == pytest.approx(t1["p001"])


def test_two_sequences_predict_better_than_one() -> None:
    scores, _ = cohort()
    single = measure(scores[MrSequence.T1]).auc
    assert measure(mean_fusion(scores, 1 / 3)).auc > single


def test_the_stated_mean_is_calibrated_for_the_prevalence() -> None:
    stated = measure_stated(mean_fusion(cohort()[0], 1 / 3), 1 / 3)
    assert stated.in_the_large == pytest.approx(0, abs=0.01)
    assert stated.log_loss < stated.constant_log_loss


def test_baselines_are_the_share_of_mutants_and_a_regression_out_of_fold() -> None:
    _, labels = cohort()
    folds = stratified_folds(labels, 5, 1)
    majority = baseline_scores(dict.fromkeys(labels, ()), labels, folds)
    assert [s.calibrated for s in majority] == pytest.approx([1 / 3] * 120)
    assert measure(majority).auc == 0.5
    ages = {p: (40.0 + 20 * (not mutant) + int(p[1:]) % 7,) for p, mutant in labels.items() if p != "p007"}
    by_age = baseline_scores(ages, labels, folds)
    assert measure(by_age).auc > 0.95
    assert "p007" not in {s.patient_key for s in by_age}
