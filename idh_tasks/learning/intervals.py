"""Intervals of an AUC over patients: DeLong's on the logit scale, the bootstrap, and the interval of chance.

Both intervals hold for one score per patient and for several: those of repetitions, and of random splits.
"""

from collections.abc import Iterator, Sequence
from math import nan

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, t

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.performance import Interval
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.pairs import BATCH, Array, Pairs, auc_of, contributions, pairs_of, resampled_aucs

RESAMPLES = 2000
CONFIDENCE = 0.95
NO_VARIANCE = 1e-9
"""Deviations from the AUC that are smaller come from rounding."""

Parts = tuple[Array, Array]
"""What each mutant, and what each wild type, adds to the AUC beyond its mean."""


def delong_interval(scores: Sequence[HeldOutScore]) -> Interval:
    """Return the AUC of scores with DeLong's interval; see `delong`.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` for fewer than two patients of a class, ``E_LEAKAGE`` for a patient with both labels,
        ``E_NONFINITE`` for a score that is no probability.
    """
    return delong(pairs_of(scores))


def bootstrap_interval(scores: Sequence[HeldOutScore], seed: int) -> Interval:
    """Return the AUC of scores with a bootstrap interval; see `bootstrap`.

    Raises
    ------
    RunRefusedError
        As `delong_interval`.
    """
    return bootstrap(pairs_of(scores), seed)


def delong(pairs: Pairs) -> Interval:
    """Return the AUC with DeLong's interval, computed on the logit scale so that it stays within [0, 1].

    DeLong, DeLong and Clarke-Pearson, Biometrics 1988; for several scores per patient, Obuchowski, Biometrics 1997. If
    the classes are separated perfectly, the variance is zero and carries no information; an exact bound replaces it.
    Scores that do not vary have no interval.
    """
    auc, parts = auc_of(pairs.rounds), contributions(pairs)
    if (exact := _without_variance(auc, pairs, parts)) is not None:
        return exact
    variances = _variances(parts)
    half = _quantile(variances, parts) * np.sqrt(sum(variances)) / (auc * (1 - auc))
    low, high = expit(logit(auc) + half * np.array([-1, 1]))
    return Interval(auc, float(low), float(high))


def bootstrap(pairs: Pairs, seed: int) -> Interval:
    """Return the AUC with a bootstrap interval over patients, stratified by class.

    BCa (Efron, JASA 1987), with the acceleration of the exact jackknife, which follows from DeLong's components. The
    bootstrap draws from n patients as if they were the population, so that its variance is too small by (n − 1)/n for
    each class; the quantiles are widened by as much (Hesterberg, The American Statistician 2015). Perfect separation
    and scores that do not vary are as for `delong`.
    """
    auc, parts = auc_of(pairs.rounds), contributions(pairs)
    if (exact := _without_variance(auc, pairs, parts)) is not None:
        return exact
    resampled = resampled_aucs(pairs, RESAMPLES, seed)
    low, high = np.quantile(resampled, _levels(auc, resampled, parts))
    return Interval(auc, float(low), float(high))


def _without_variance(auc: float, pairs: Pairs, parts: Parts) -> Interval | None:
    """Return the interval of an AUC of 0 or 1, or of scores that do not vary; None for all others.

    That of an AUC of 0 or 1 is Clopper and Pearson's on the rarer class.
    """
    if 0 < auc < 1:
        varies = any(float(np.abs(own).max()) * len(own) > NO_VARIANCE for own in parts)
        return None if varies else Interval(auc, nan, nan)
    bound = float(((1 - CONFIDENCE) / 2) ** (1 / min(pairs.mutants, pairs.wildtypes)))
    return Interval(auc, bound, 1.0) if auc > 0.5 else Interval(auc, 0.0, 1 - bound)


def _variances(parts: Parts) -> list[float]:
    """Return the contribution of each class to the variance of the AUC."""
    return [len(own) / (len(own) - 1) * float((own**2).sum()) for own in parts]


def _quantile(variances: Sequence[float], parts: Parts) -> float:
    """Return Student's quantile with Satterthwaite's degrees of freedom: a variance over few mutants is uncertain."""
    freedom = sum(variances) ** 2 / sum(v**2 / (len(own) - 1) for v, own in zip(variances, parts, strict=True))
    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))


def _levels(auc: float, resampled: Array, parts: Parts) -> Array:
    """Return the levels of the two quantiles of the resampled AUCs that bound the BCa interval."""
    squares, cubes = (sum(float((own**power).sum()) for own in parts) for power in (2, 3))
    acceleration = cubes / squares**1.5 / 6
    widening = np.sqrt(sum(_variances(parts)) / squares)
    lower = float(np.mean(resampled < auc) + np.mean(resampled <= auc)) / 2
    bias = norm.ppf(np.clip(lower, 0.5 / RESAMPLES, 1 - 0.5 / RESAMPLES))
    shifted = bias + widening * norm.ppf([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return np.asarray(norm.cdf(bias + shifted / (1 - acceleration * shifted)))


def null_interval(mutants: int, wildtypes: int, seed: int) -> Interval:
    """Return the 95 % interval of the AUC of scores that are independent of the labels, by permutation.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class is missing.
    """
    if min(mutants, wildtypes) < 1:
        raise RunRefusedError(Code.E_FOLD_DEGENERATE, f"{mutants} mutants and {wildtypes} wild types: no AUC")
    aucs = np.concatenate(list(_by_chance(mutants, wildtypes, np.random.default_rng(seed))))
    low, high = np.quantile(aucs, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(0.5, float(low), float(high))


def _by_chance(mutants: int, wildtypes: int, rng: np.random.Generator) -> Iterator[Array]:
    """Yield the AUCs of permuted ranks in batches that bound the memory."""
    patients = mutants + wildtypes
    size = max(1, min(RESAMPLES, BATCH // patients))
    for start in range(0, RESAMPLES, size):
        ranks = np.tile(np.arange(patients), (min(size, RESAMPLES - start), 1))
        sums = rng.permuted(ranks, axis=1)[:, :mutants].sum(axis=1) - mutants * (mutants - 1) / 2
        yield sums / (mutants * wildtypes)
