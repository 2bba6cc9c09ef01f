"""How true the stated probabilities are, beside a constant that states the share of mutants for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.calibration import Array, class_weights, logit

BINS = 10
MIN_INFORMATION = 1.0
"""Fisher information below which there is no slope: its standard error exceeds 1, so that 1 cannot be told from 0."""


@dataclass(frozen=True)
class Stated:
    """Measures of the stated probabilities.

    Parameters
    ----------
    log_loss, constant_log_loss
        The mean log loss, and that of stating the prevalence for everybody.
    in_the_large
        Mean stated probability minus share of mutants; 0 is right.
    calibration_slope
        Of a logistic regression of the label on the stated logit: 1 is right, less is too extreme (Cox, Biometrika
        1958). None if the stated probabilities separate the classes, or vary so little that chance alone decides it.
    calibrated_brier, ece
        Brier score and expected calibration error.
    """

    log_loss: float
    constant_log_loss: float
    in_the_large: float
    calibration_slope: float | None
    calibrated_brier: float
    ece: float


@dataclass(frozen=True)
class Bin:
    """Patients whose stated probability lies in the same tenth of the scale, by weight."""

    weight: float
    stated: float
    observed: float


def measure_stated(scores: Sequence[HeldOutScore], prevalence: float | None = None) -> Stated:
    """Measure the stated probabilities of scores of both classes.

    Parameters
    ----------
    prevalence
        The share of mutants in the cohort, to which the classes are weighted: the test sets of the scheme `repeated`
        have more mutants than the cohort. By default, the share among the patients who have scores.
    """
    mutant, stated = np.array([s.mutant for s in scores], dtype=bool), np.array([s.calibrated for s in scores])
    share = _share(scores) if prevalence is None else prevalence
    weights = cohort_weights(scores, share)
    return Stated(
        log_loss=_log_loss(mutant, stated, weights),
        constant_log_loss=_log_loss(mutant, np.full(len(mutant), share), weights),
        in_the_large=float(np.average(stated, weights=weights) - share),
        calibration_slope=_slope(stated, mutant, weights * _patients_per_score(scores)),
        calibrated_brier=float(np.average((stated - mutant) ** 2, weights=weights)),
        ece=_expected_calibration_error(stated, mutant, weights),
    )


def cohort_weights(scores: Sequence[HeldOutScore], prevalence: float | None = None) -> Array:
    """Return the weight of each score (n,) by which mutants have the share of `measure_stated`; both classes occur."""
    mutant = np.array([score.mutant for score in scores], dtype=bool)
    return class_weights(mutant, np.ones(len(mutant)), _share(scores) if prevalence is None else prevalence)


def _share(scores: Sequence[HeldOutScore]) -> float:
    labels = {score.patient_key: score.mutant for score in scores}
    return float(np.mean(list(labels.values())))


def _log_loss(mutant: NDArray[np.bool_], stated: Array, weights: Array) -> float:
    of_label = np.where(mutant, stated, 1 - stated)
    return float(-np.average(np.log(np.maximum(of_label, np.finfo(np.float64).eps)), weights=weights))


def _patients_per_score(scores: Sequence[HeldOutScore]) -> float:
    return len({score.patient_key for score in scores}) / len(scores)


def _slope(stated: Array, mutant: NDArray[np.bool_], weights: Array) -> float | None:
    logits = logit(stated)
    if _information(logits, stated, weights) < MIN_INFORMATION or _separated(logits[mutant], logits[~mutant]):
        return None
    spread = float(logits.std())
    x = ((logits - logits.mean()) / spread)[:, None]
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(x, mutant, sample_weight=weights)
    return float(model.coef_[0, 0]) / spread


def _information(logits: Array, stated: Array, weights: Array) -> float:
    """Return the Fisher information of the slope if the stated probabilities are right."""
    variances = weights * stated * (1 - stated)
    if not variances.any():
        return 0.0
    return float((variances * (logits - np.average(logits, weights=variances)) ** 2).sum())


def _separated(of_mutants: Array, of_wildtypes: Array) -> bool:
    """Return whether a threshold separates the classes, so that the likelihood of a slope has no maximum."""
    return bool(of_mutants.min() >= of_wildtypes.max() or of_mutants.max() <= of_wildtypes.min())


def _expected_calibration_error(stated: Array, mutant: NDArray[np.bool_], weights: Array) -> float:
    """Return the mean difference between stated probability and observed share over ten bins, weighted by patients."""
    bins = reliability(stated, mutant, weights)
    return sum(b.weight * abs(b.stated - b.observed) for b in bins) / sum(b.weight for b in bins)


def reliability(stated: Array, mutant: NDArray[np.bool_], weights: Array) -> list[Bin]:
    """Return the points of a reliability plot: mean probability and share of mutants in each tenth of the scale."""
    place = np.minimum((stated * BINS).astype(int), BINS - 1)
    return [
        Bin(
            float(weights[inside].sum()),
            float(np.average(stated[inside], weights=weights[inside])),
            float(np.average(mutant[inside], weights=weights[inside])),
        )
        for inside in (place == number for number in range(BINS))
        if inside.any()
    ]
