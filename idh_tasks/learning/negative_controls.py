"""Negative controls: how well labels are predicted by what cannot show them, and what chance alone would give."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.model_selection import StratifiedKFold

from idh_tasks.learning.images import Float
from idh_tasks.learning.ranked_features import RankedFeatures

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]
"""Labels of patients (n,), or of patients in several permutations (permutations, n)."""
Folds = NDArray[np.int64]
"""The fold of each patient (n,)."""
Scorer = Callable[[Labels], Array]
"""Returns an out-of-fold score for each label (permutations, n)."""

FOLDS = 5
PERMUTATIONS = 3_999
"""So many that the smallest p is below the limit of a control that predicts."""
AT_ONCE = 200
EXCEEDED = 10
"""Permutations at least as good as the labels after which no more are drawn (Besag and Clifford, Biometrika 1991)."""
VALUES = 2 * 10**7
"""Scores that are computed at once, 160 MB."""
RIDGE = 1.0
MIN_SPREAD = 1e-7


@dataclass(frozen=True)
class Control:
    """The out-of-fold AUC of a control within folds, and the share of permuted labels that it predicts as well."""

    auc: float
    p_value: float


def assigned_folds(mutant: Labels, seed: int) -> Folds | None:
    """Return the fold of each patient, stratified by label; None if a class has fewer than two patients."""
    count = min(FOLDS, int(mutant.sum()), int((~mutant).sum()))
    if count < 2:
        return None
    folds = np.zeros(len(mutant), np.int64)
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(mutant, mutant)):
        folds[test] = number
    return folds


def control(scorer: Scorer, mutant: Labels, folds: Folds, seed: int) -> Control:
    """Return how well a scorer predicts labels, beside labels that are permuted within the folds.

    The test is exact whatever the scorer: every permutation is learned and scored anew. Permutations are drawn until
    enough of them are as good, or until there are `PERMUTATIONS`.
    """
    rng = np.random.default_rng(seed)
    value = float(_aucs(scorer, mutant[None], folds)[0])
    drawn = exceeded = 0
    while drawn < PERMUTATIONS and exceeded < EXCEEDED:
        labels = _permuted(mutant, folds, min(AT_ONCE, PERMUTATIONS - drawn), rng)
        exceeded += int((_aucs(scorer, labels, folds) >= value - 1e-12).sum())
        drawn += len(labels)
    return Control(value, (exceeded + 1) / (drawn + 1))


def _permuted(mutant: Labels, folds: Folds, count: int, rng: np.random.Generator) -> Labels:
    labels = np.tile(mutant, (count, 1))
    for fold in np.unique(folds):
        own = folds == fold
        labels[:, own] = rng.permuted(labels[:, own], axis=1)
    return labels


def _aucs(scorer: Scorer, labels: Labels, folds: Folds) -> Array:
    """Return the AUC of the scorer for each permutation (permutations,), as many at once as the memory allows."""
    step = max(1, VALUES // labels.shape[1])
    some = (labels[start : start + step] for start in range(0, len(labels), step))
    return np.concatenate([_auc(scorer(own), own, folds) for own in some])


def _auc(scores: Array, mutant: Labels, folds: Folds) -> Array:
    """Return the share of correctly ordered pairs of a mutant and a wild type in the same fold (permutations,)."""
    ordered, pairs = np.zeros(len(scores)), 0
    for fold in np.unique(folds):
        own = mutant[:, folds == fold]
        count = int(own[0].sum())
        ranks = rankdata(scores[:, folds == fold], axis=1)
        ordered += (ranks * own).sum(axis=1) - count * (count + 1) / 2
        pairs += count * (own.shape[1] - count)
    return np.asarray(ordered / pairs)


def linear_scorer(features: Array, folds: Folds) -> Scorer:
    """Return the scorer of a ridge regression on standardised features (n, d), which is fitted outside each fold."""
    solved = {int(fold): _solved(features[folds != fold]) for fold in np.unique(folds)}

    def scores(labels: Labels) -> Array:
        scored = np.zeros(labels.shape)
        for fold, (centre, scale, inverse) in solved.items():
            test, own = folds == fold, labels[:, folds != fold]
            learned = (own - own.mean(axis=1, keepdims=True)) @ ((features[~test] - centre) * scale)
            scored[:, test] = learned @ inverse @ ((features[test] - centre) * scale).T
        return np.round(scored, 12)

    return scores


def _solved(features: Array) -> tuple[Array, Array, Array]:
    """Return centre and scale of features (n, d), and the inverse (d, d) of the regression on them so standardised."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    scale = 1 / np.where(spread > MIN_SPREAD, spread, np.inf) / np.sqrt(features.shape[1])
    x = (features - centre) * scale
    return centre, scale, np.linalg.inv(x.T @ x + RIDGE * np.eye(features.shape[1]))


def best_feature_scorer(ranks: RankedFeatures, folds: Folds) -> Scorer:
    """Return the scorer by the one feature that separates the labels best outside each fold, by rank.

    Of features that separate them equally, it is the first one.
    """
    parts = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]

    def scores(labels: Labels) -> Array:
        scored, best = np.zeros(labels.shape), [_Best.none(len(labels)) for _ in parts]
        own = [labels[:, part].astype(np.float32) for part in parts]
        for first, some in ranks.pieces():
            for found, separation in zip(best, _separations(own, [some[:, part] for part in parts]), strict=True):
                found.update(first, separation)
        for part, found in zip(parts, best, strict=True):
            scored[:, part] = found.sign[:, None] * ranks.of(found.feature, part)
        return scored

    return scores


def _separations(labels: Sequence[Float], ranks: Sequence[Float]) -> Iterator[Array]:
    """Yield for each fold how well each feature separates each permutation of the labels outside it.

    Parameters
    ----------
    labels, ranks
        Of the patients of each fold, (permutations, n) and (features, n). Sums of ranks are exact in single precision
        for some thousand patients, so that they do not depend on the order of summation.
    """
    won = [np.float64(own @ of.T) for own, of in zip(labels, ranks, strict=True)]
    sums, squares = ([(of.astype(np.float64) ** power).sum(axis=1) for of in ranks] for power in (1, 2))
    mutants, sizes = [own.sum(axis=1, dtype=np.float64) for own in labels], [of.shape[1] for of in ranks]
    for number, size in enumerate(sizes):
        count = sum(sizes) - size
        outside, squared = sum(sums) - sums[number], sum(squares) - squares[number]
        share = (sum(mutants) - mutants[number]) / count
        spread = np.sqrt(np.maximum(squared / count - (outside / count) ** 2, 0))
        yield (sum(won) - won[number] - np.outer(share, outside)) / np.maximum(spread, MIN_SPREAD)


@dataclass(frozen=True)
class _Best:
    """The feature that separates each permutation best so far, how well, and with which sign."""

    feature: NDArray[np.int64]
    value: Array
    sign: Array

    @classmethod
    def none(cls, permutations: int) -> "_Best":
        return cls(np.zeros(permutations, np.int64), np.zeros(permutations), np.zeros(permutations))

    def update(self, first: int, separation: Array) -> None:
        """Take over the better ones of some features (permutations, features), the number of whose first is given."""
        place = np.abs(separation).argmax(axis=1)
        found = separation[np.arange(len(place)), place]
        better = np.abs(found) > self.value
        self.feature[better] = first + place[better]
        self.value[better], self.sign[better] = np.abs(found[better]), np.sign(found[better])
