"""Negative controls: how well labels are predicted by what cannot show them, and what chance alone would give."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.model_selection import StratifiedKFold

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]
"""Labels of patients (n,), or of patients in several permutations (permutations, n)."""
Scorer = Callable[[Labels], Array]
"""Returns an out-of-fold score for each label (permutations, n)."""

FOLDS = 5
PERMUTATIONS = 3_999
"""So many that the smallest p is below the limit of a control that predicts."""
AT_ONCE = 200
EXCEEDED = 10
"""Permutations at least as good as the labels after which no more are drawn (Besag and Clifford, Biometrika 1991)."""
RIDGE = 1.0
MIN_SPREAD = 1e-7


@dataclass(frozen=True)
class Control:
    """The out-of-fold AUC of a control within folds, and the share of permuted labels that it predicts as well."""

    auc: float
    p_value: float


def assigned_folds(mutant: Labels, seed: int) -> NDArray[np.int64] | None:
    """Return the fold of each patient, stratified by label; None if a class has fewer than two patients."""
    count = min(FOLDS, int(mutant.sum()), int((~mutant).sum()))
    if count < 2:
        return None
    folds = np.zeros(len(mutant), np.int64)
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(mutant, mutant)):
        folds[test] = number
    return folds


def control(scorer: Scorer, mutant: Labels, folds: NDArray[np.int64], seed: int) -> Control:
    """Return how well a scorer predicts labels, beside labels that are permuted within the folds.

    The test is exact whatever the scorer: every permutation is learned and scored anew. Permutations are drawn until
    enough of them are as good, or until there are `PERMUTATIONS`.
    """
    rng = np.random.default_rng(seed)
    value = float(_auc(scorer(mutant[None]), mutant[None], folds)[0])
    drawn = exceeded = 0
    while drawn < PERMUTATIONS and exceeded < EXCEEDED:
        labels = _permuted(mutant, folds, min(AT_ONCE, PERMUTATIONS - drawn), rng)
        exceeded += int((_auc(scorer(labels), labels, folds) >= value - 1e-12).sum())
        drawn += len(labels)
    return Control(value, (exceeded + 1) / (drawn + 1))


def _permuted(mutant: Labels, folds: NDArray[np.int64], count: int, rng: np.random.Generator) -> Labels:
    labels = np.tile(mutant, (count, 1))
    for fold in np.unique(folds):
        own = folds == fold
        labels[:, own] = rng.permuted(labels[:, own], axis=1)
    return labels


def _auc(scores: Array, mutant: Labels, folds: NDArray[np.int64]) -> Array:
    """Return the share of correctly ordered pairs of a mutant and a wild type in the same fold (permutations,)."""
    ordered, pairs = np.zeros(len(scores)), 0
    for fold in np.unique(folds):
        own = mutant[:, folds == fold]
        count = int(own[0].sum())
        ranks = rankdata(scores[:, folds == fold], axis=1)
        ordered += (ranks * own).sum(axis=1) - count * (count + 1) / 2
        pairs += count * (own.shape[1] - count)
    return np.asarray(ordered / pairs)


def linear_scorer(features: Array, folds: NDArray[np.int64]) -> Scorer:
    """Return the scorer of a ridge regression on standardised features (n, d), which is fitted outside each fold."""
    weights = np.zeros((len(folds), len(folds)))
    for fold in np.unique(folds):
        test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        centre, spread = features[train].mean(axis=0), features[train].std(axis=0)
        x = (features - centre) / np.where(spread > MIN_SPREAD, spread, np.inf) / np.sqrt(features.shape[1])
        kernel = x[train] @ x[train].T + RIDGE * np.eye(len(train))
        solved = np.linalg.solve(kernel, x[train] @ x[test].T).T
        weights[np.ix_(test, train)] = solved - solved.mean(axis=1, keepdims=True)
    return lambda labels: np.asarray(np.round(labels @ weights.T, 12))


def best_feature_scorer(features: Array, folds: NDArray[np.int64]) -> Scorer:
    """Return the scorer by the one feature of (n, d) that separates the labels best outside each fold, by rank."""
    ranks = rankdata(features, axis=0)
    varying = ranks.std(axis=0) > 0
    ranks = (ranks[:, varying] - ranks[:, varying].mean(axis=0)).astype(np.float32)

    def scores(labels: Labels) -> Array:
        scored = np.zeros(labels.shape)
        for fold in np.unique(folds):
            test, train = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            own = labels[:, train] - labels[:, train].mean(axis=1, keepdims=True)
            separation = own.astype(np.float32) @ ranks[train] / np.maximum(ranks[train].std(axis=0), MIN_SPREAD)
            best = np.abs(separation).argmax(axis=1)
            sign = np.sign(separation[np.arange(len(best)), best])
            scored[:, test] = sign[:, None] * ranks[np.ix_(test, best)].T
        return scored

    return scores if varying.any() else lambda labels: np.zeros(labels.shape)
