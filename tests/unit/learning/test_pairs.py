"""AUC, components and resampled AUCs equal those of all pairs, and patients are what is counted."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap
from sklearn.metrics import roc_auc_score

from idh_tasks.domain.learning import HeldOutScore, Scheme
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.intervals import bootstrap_interval, delong_interval
from idh_tasks.learning.pairs import auc_of, contributions, enough, one_row_each, pairs_of, resampled_aucs
from tests.factories import scores
from tests.simulated_scores import Setting, cohorts

Array = NDArray[np.float64]


def rounded(seed: int, mutants: int = 9, wildtypes: int = 14) -> tuple[Array, Array]:
    """Return probabilities of mutants and wild types, of which many are equal."""
    rng = np.random.default_rng(seed)
    return rng.beta(3, 2, mutants).round(1), rng.beta(2, 3, wildtypes).round(1)


def all_pairs(mutants: Array, wildtypes: Array, axis: int = -1) -> Array:
    """Return the AUC by its definition."""
    pairs = mutants[..., :, None] - wildtypes[..., None, :]
    return np.asarray(((pairs > 0) + 0.5 * (pairs == 0)).mean(axis=(-2, -1)))


@pytest.mark.parametrize("seed", range(5))
def test_auc_and_delongs_variance_are_those_of_all_pairs(seed: int) -> None:
    mutants, wildtypes = rounded(seed)
    pairs = pairs_of(scores(mutants.tolist(), wildtypes.tolist()))
    order = (mutants[:, None] > wildtypes) + 0.5 * (mutants[:, None] == wildtypes)
    assert auc_of(pairs.rounds) == pytest.approx(order.mean(), abs=1e-12)
    for own, axis in zip(contributions(pairs), (1, 0), strict=True):
        components = order.mean(axis=axis)
        np.testing.assert_allclose(own, (components - components.mean()) / len(components), atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_resampled_aucs_are_those_of_the_drawn_patients(seed: int) -> None:
    mutants, wildtypes = rounded(seed)
    pairs = pairs_of(scores(mutants.tolist(), wildtypes.tolist()))
    rng = np.random.default_rng(seed)
    first, second = (own[rng.integers(0, len(own), (50, len(own)))] for own in (mutants, wildtypes))
    np.testing.assert_allclose(resampled_aucs(pairs, 50, seed), all_pairs(first, second), atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_bootstrap_is_scipys_but_for_its_widening(seed: int) -> None:
    """With many patients the widening is nothing, and two bootstraps differ by their resamples alone."""
    rng = np.random.default_rng(seed)
    mutants, wildtypes = rng.beta(3, 2, 120), rng.beta(2, 3, 150)
    peer = bootstrap((mutants, wildtypes), all_pairs, method="BCa", n_resamples=2000, batch=100, rng=seed)
    ours = bootstrap_interval(scores(mutants.tolist(), wildtypes.tolist()), seed)
    assert ours.low == pytest.approx(peer.confidence_interval.low, abs=0.01)
    assert ours.high == pytest.approx(peer.confidence_interval.high, abs=0.01)


def test_the_auc_of_repetitions_is_the_mean_over_them() -> None:
    (own,) = cohorts(Setting(17, 83, 0.8, Scheme.STRATIFIED, 3), 1, seed=2)
    aucs = []
    for repetition in range(3):
        rows = [score for score in own if score.repetition == repetition]
        aucs.append(roc_auc_score([s.mutant for s in rows], [s.probability_mutant for s in rows]))
    assert delong_interval(own).value == pytest.approx(np.mean(aucs), abs=1e-12)


def test_random_splits_compare_patients_within_a_split_only() -> None:
    (own,) = cohorts(Setting(17, 83, 0.8, Scheme.REPEATED), 1, seed=2)
    by_fold = [[score for score in own if score.fold == fold] for fold in range(5)]
    aucs = [roc_auc_score([s.mutant for s in rows], [s.probability_mutant for s in rows]) for rows in by_fold]
    pairs = [sum(s.mutant for s in rows) * sum(not s.mutant for s in rows) for rows in by_fold]
    assert delong_interval(own).value == pytest.approx(np.average(aucs, weights=pairs), abs=1e-12)


def test_the_same_scores_in_every_repetition_are_no_more_evidence_than_one() -> None:
    once = scores([0.9, 0.6, 0.4], [0.1, 0.5, 0.3])
    thrice = [replace(score, fold=n, repetition=n) for n in range(3) for score in once]
    doubled = [*once, *once]
    for interval in (delong_interval, lambda own: bootstrap_interval(own, 1)):
        for several in (thrice, doubled):
            assert vars(interval(several)) == pytest.approx(vars(interval(once)), abs=1e-12)


def test_rows_of_the_same_fold_and_repetition_count_by_their_mean() -> None:
    first, second = HeldOutScore("a", 1, True, 0.2, 0.4), HeldOutScore("a", 1, True, 0.6, 0.8)
    other = HeldOutScore("a", 2, True, 0.9, 0.9)
    mean, untouched = one_row_each([first, other, second])
    assert (mean.probability_mutant, mean.calibrated) == pytest.approx((0.4, 0.6))
    assert untouched == other


@pytest.mark.parametrize(
    ("own", "code"),
    [
        (scores([], [0.2, 0.3, 0.4]), "E_FOLD_DEGENERATE"),
        (scores([0.2, 0.3, 0.4], []), "E_FOLD_DEGENERATE"),
        (scores([0.4], [0.2, 0.3, 0.4]), "E_FOLD_DEGENERATE"),
        (scores([0.4] * 4, [0.2]), "E_FOLD_DEGENERATE"),
        ([], "E_FOLD_DEGENERATE"),
        (scores([0.4, float("nan")], [0.2, 0.3]), "E_NONFINITE"),
        (scores([0.4, float("inf")], [0.2, 0.3]), "E_NONFINITE"),
        (scores([0.4, 1.2], [0.2, 0.3]), "E_NONFINITE"),
        ([*scores([0.4, 0.2], [0.2, 0.3]), HeldOutScore("p000", 1, False, 0.1, 0.1)], "E_LEAKAGE"),
        ([replace(s, repetition=int(s.mutant)) for s in scores([0.4, 0.2], [0.2, 0.3])], "E_FOLD_DEGENERATE"),
        ([replace(s, fold=n) for n, s in enumerate(2 * scores([0.4, 0.2], [0.2, 0.3]))], "E_FOLD_DEGENERATE"),
    ],
    ids=[
        "no mutant",
        "no wild type",
        "one mutant",
        "one wild type",
        "nothing",
        "NaN",
        "infinite",
        "above 1",
        "both labels",
        "a repetition for each class",
        "a fold for each score, twice",
    ],
)
def test_scores_without_an_interval_are_refused_by_code(own: list[HeldOutScore], code: str) -> None:
    for interval in (delong_interval, lambda own: bootstrap_interval(own, 1)):
        with pytest.raises(RunRefusedError) as caught:
            interval(own)
        assert caught.value.code == code


def test_many_rows_of_one_mutant_are_one_mutant() -> None:
    rows = [replace(score, repetition=n) for n in range(4) for score in scores([0.4], [0.2, 0.3])]
    assert not enough(rows)
    assert enough([*rows, HeldOutScore("another", 0, True, 0.4, 0.4)])
