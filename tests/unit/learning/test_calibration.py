"""Temperature scaling mends what is overconfident; fusion and baselines never see the patient they predict."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.calibration import baseline, cooled, fit_temperature, fused, logit, stacked
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.metrics import expected_calibration_error, measure


def honest(n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities that are right, and outcomes drawn from them."""
    rng = np.random.default_rng(1)
    given = rng.beta(2, 3, n)
    return given, rng.random(n) < given


def as_scores(given: np.ndarray, mutant: np.ndarray) -> list[HeldOutScore]:
    return [HeldOutScore(str(n), 0, bool(m), p, p) for n, (m, p) in enumerate(zip(mutant, given, strict=True))]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_that_spoilt_probabilities_is_found(temperature: float) -> None:
    given, mutant = honest()
    spoilt = cooled(logit(given), temperature)
    assert fit_temperature(spoilt, mutant) == pytest.approx(1 / temperature, rel=0.1)


def test_scaling_lowers_the_calibration_error_and_keeps_the_order() -> None:
    given, mutant = honest()
    spoilt = cooled(logit(given), 0.3)
    mended = cooled(logit(spoilt), fit_temperature(spoilt, mutant))
    errors = [expected_calibration_error(as_scores(values, mutant)) for values in (spoilt, mended)]
    assert errors[1] < errors[0] / 3
    assert spearmanr(mended, spoilt).statistic > 0.9999


def cohort() -> tuple[dict[MrSequence, list[HeldOutScore]], dict[str, bool]]:
    """Return two sequences that each know a little, the second for half of the patients."""
    rng = np.random.default_rng(2)
    labels = {f"p{n:03d}": n < 40 for n in range(120)}
    where = {p: fold.number for fold in stratified_folds(labels, 5, 1) for p in fold.test}
    found = {}
    for sequence, own in ((MrSequence.T1, list(labels)), (MrSequence.RCBV, list(labels)[::2])):
        values = cooled(np.array([labels[p] * 1.5 for p in own]) + rng.normal(-0.75, 1, len(own)), 1.0)
        found[sequence] = [
            HeldOutScore(p, where[p], labels[p], float(v), float(v)) for p, v in zip(own, values, strict=True)
        ]
    return found, labels


def test_fusion_takes_the_mean_over_the_sequences_that_are_there() -> None:
    given, labels = cohort()
    found = {score.patient_key: score.probability_mutant for score in fused(given)}
    t1, rcbv = ({s.patient_key: s.calibrated for s in given[q]} for q in (MrSequence.T1, MrSequence.RCBV))
    assert set(found) == set(labels)
    assert found["p000"] == pytest.approx((t1["p000"] + rcbv["p000"]) / 2)
    assert found["p001"] == pytest.approx(t1["p001"])


def test_two_sequences_together_know_more_than_one() -> None:
    given, _ = cohort()
    alone = measure(given[MrSequence.T1]).auc
    assert measure(fused(given)).auc > alone
    assert measure(stacked(given)).auc > alone - 0.02


def test_the_stack_of_a_fold_does_not_depend_on_its_own_labels() -> None:
    given, _ = cohort()
    lied = {q: [replace(s, mutant=s.mutant != (s.fold == 0)) for s in own] for q, own in given.items()}
    before, after = ({s.patient_key: s.probability_mutant for s in stacked(x) if s.fold == 0} for x in (given, lied))
    assert before == pytest.approx(after)


def test_baselines_are_the_share_of_mutants_and_a_regression_out_of_fold() -> None:
    _, labels = cohort()
    folds = stratified_folds(labels, 5, 1)
    majority = baseline(dict.fromkeys(labels, ()), labels, folds)
    assert {round(s.probability_mutant, 2) for s in majority} == {0.33}
    ages = {p: (40.0 + 20 * (not mutant) + int(p[1:]) % 7,) for p, mutant in labels.items() if p != "p007"}
    found = baseline(ages, labels, folds)
    assert measure(found).auc > 0.95
    assert "p007" not in {s.patient_key for s in found}
