"""Intervals of an AUC over patients: DeLong's on the logit scale, the bootstrap, and the interval of chance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, rankdata, t

from idh_tasks.domain.learning import HeldOutScore, Interval
from idh_tasks.learning.metrics import Array, arrays

RESAMPLES = 2000
CONFIDENCE = 0.95


def delong_interval(scores: Sequence[HeldOutScore]) -> Interval:
    """Return the AUC with DeLong's interval, computed on the logit scale so that it stays within [0, 1].

    DeLong, DeLong and Clarke-Pearson, Biometrics 1988, with the midranks of Sun and Xu, IEEE Sig Proc Lett 2014. If
    the classes are separated perfectly, the variance is zero and carries no information; an exact bound replaces it.
    """
    mutant, probability = arrays(scores)
    positive, negative = probability[mutant], probability[~mutant]
    auc, variances = _placements(positive, negative)
    variance = sum(variances)
    if not 0 < auc < 1 or variance == 0:
        return _extreme(auc, len(positive), len(negative))
    half = _quantile(variances, (len(positive), len(negative))) * np.sqrt(variance) / (auc * (1 - auc))
    centre = np.log(auc / (1 - auc))
    low, high = (float(1 / (1 + np.exp(-(centre + side * half)))) for side in (-1, 1))
    return Interval(auc, low, high)


def _placements(positive: Array, negative: Array) -> tuple[float, tuple[float, float]]:
    """Return the AUC, and the contribution of each class to DeLong's variance of it."""
    m, n = len(positive), len(negative)
    together = rankdata(np.concatenate([positive, negative]))
    above = (together[:m] - rankdata(positive)) / n
    below = 1 - (together[m:] - rankdata(negative)) / m
    return float(above.mean()), (float(above.var(ddof=1) / m), float(below.var(ddof=1) / n))


def _quantile(variances: tuple[float, float], sizes: tuple[int, int]) -> float:
    """Return Student's quantile with Satterthwaite's degrees of freedom: a variance over few mutants is uncertain."""
    freedom = sum(variances) ** 2 / sum(v**2 / (n - 1) for v, n in zip(variances, sizes, strict=True))
    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))


def _extreme(auc: float, m: int, n: int) -> Interval:
    """Return the interval of an AUC of 0 or 1: Clopper and Pearson's on the rarer class."""
    bound = float(((1 - CONFIDENCE) / 2) ** (1 / min(m, n)))
    return Interval(auc, bound, 1.0) if auc > 0.5 else Interval(auc, 0.0, 1 - bound)


def mann_whitney(positive: Array, negative: Array, axis: int = -1) -> Array:  # noqa: ARG001 - scipy passes it
    """Return the AUC as the share of correctly ordered pairs, along the last axis."""
    pairs = positive[..., :, None] - negative[..., None, :]
    return np.asarray(((pairs > 0) + 0.5 * (pairs == 0)).mean(axis=(-2, -1)))


def bootstrap_interval(scores: Sequence[HeldOutScore], seed: int) -> Interval:
    """Return the AUC with a bootstrap interval over patients (BCa: Efron, JASA 1987), stratified by class."""
    groups = _by_patient(scores)
    value = float(mann_whitney(*groups))
    if value in (0.0, 1.0):
        return _extreme(value, *map(len, groups))
    result = bootstrap(
        groups,
        mann_whitney,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="BCa",
        batch=100,
        rng=np.random.default_rng(seed),
    )
    low, high = result.confidence_interval
    return Interval(value, float(low), float(high))


def _by_patient(scores: Sequence[HeldOutScore]) -> tuple[Array, Array]:
    """Return the probabilities of mutants and of wild types; a patient held out several times counts once, by mean."""
    by_patient: dict[str, list[float]] = {}
    for score in scores:
        by_patient.setdefault(score.patient_key, []).append(score.probability_mutant)
    labels = {score.patient_key: score.mutant for score in scores}
    means = {patient: float(np.mean(values)) for patient, values in by_patient.items()}
    mutants = np.array([p for patient, p in means.items() if labels[patient]])
    return mutants, np.array([p for patient, p in means.items() if not labels[patient]])


def null_interval(mutants: int, wildtypes: int, seed: int) -> Interval:
    """Return the 95 % interval of the AUC of scores that are independent of the labels, by permutation."""
    rng = np.random.default_rng(seed)
    ranks: NDArray[np.float64] = rng.permuted(np.tile(np.arange(mutants + wildtypes), (RESAMPLES, 1)), axis=1)
    sums = ranks[:, :mutants].sum(axis=1) - mutants * (mutants - 1) / 2
    low, high = np.quantile(sums / (mutants * wildtypes), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(0.5, float(low), float(high))
