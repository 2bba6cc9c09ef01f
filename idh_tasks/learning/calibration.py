"""Calibration of probabilities by slope and intercept (Platt, 1999), for the share of mutants in the cohort."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from idh_tasks.domain.learning import Calibration, Fold, HeldOutScore

Array = NDArray[np.float64]

MARGIN = 1e-7
"""Distance from 0 and 1 within which a probability is clipped."""
PRIOR_SCALE = 1.25
"""Scale of the Cauchy prior of the slope per standard deviation of the logit: 2.5 per two standard deviations, the
default of Gelman, Jakulin, Pittau and Su, Ann Appl Stat 2008."""


def prevalence_of(labels: Mapping[str, bool], folds: Sequence[Fold]) -> float:
    """Return the share of mutants among the patients of the folds, held out or not; 0 without patients."""
    patients = {patient for fold in folds for patient in (*fold.train, *fold.test) if patient in labels}
    return sum(labels[patient] for patient in patients) / max(len(patients), 1)


def logit(probability: Array) -> Array:
    """Return log(p / (1 − p)) of probabilities that are clipped to keep it finite."""
    inner = np.clip(probability, MARGIN, 1 - MARGIN)
    return np.asarray(np.log(inner / (1 - inner)))


def stated_probability(probability: Array, calibration: Calibration) -> Array:
    """Return the probabilities σ(slope · logit p + intercept) that are stated for the outputs p of a network."""
    return np.asarray(1 / (1 + np.exp(-(calibration.slope * logit(probability) + calibration.intercept))))


def fit_calibration(scores: Sequence[HeldOutScore], prevalence: float) -> Calibration:
    """Fit slope and intercept to the scores of patients from whom the networks concerned have not learned.

    The training is balanced, so its outputs are those of a cohort with as many mutants as wild types. The intercept
    moves them to the prevalence; the mean of the stated probabilities then equals it. The slope has a weak prior, so
    that it stays finite if the classes are separated, and is never negative: the order of patients is never turned.

    Parameters
    ----------
    scores
        A patient with several scores counts once, by the mean of their log losses.
    prevalence
        The share of mutants for which probabilities are stated; classes are weighted to it.

    Returns
    -------
    Calibration
        With slope 0, which states the prevalence for everybody, if a class is missing or the scores do not vary.
    """
    rows = Counter(score.patient_key for score in scores)
    mutant = np.array([score.mutant for score in scores], dtype=bool)
    logits = logit(np.array([score.probability_mutant for score in scores], dtype=np.float64))
    if len(np.unique(mutant)) < 2 or np.ptp(logits) == 0:
        return Calibration(0.0, float(logit(np.array(prevalence))), prevalence)
    weights = np.array([1 / rows[score.patient_key] for score in scores])
    balanced = weights * class_weights(mutant, weights, prevalence)
    centre = float(np.average(logits, weights=balanced))
    spread = float(np.sqrt(np.average((logits - centre) ** 2, weights=balanced)))
    slope, intercept = _mode((logits - centre) / spread, mutant, balanced, prevalence)
    return Calibration(slope / spread, intercept - slope * centre / spread, prevalence)


def class_weights(mutant: NDArray[np.bool_], weights: Array, prevalence: float) -> Array:
    """Return the factors by which the weights of both classes must be multiplied for mutants to have this share."""
    share = float(np.average(mutant, weights=weights))
    return np.where(mutant, prevalence / share, (1 - prevalence) / (1 - share))


def _mode(x: Array, mutant: NDArray[np.bool_], weights: Array, prevalence: float) -> tuple[float, float]:
    """Return slope and intercept with the least weighted log loss, minus the log density of the prior of the slope."""

    def loss(parameters: Array) -> tuple[float, Array]:
        slope, intercept = parameters
        linear = slope * x + intercept
        value = float((weights * (np.logaddexp(0, linear) - mutant * linear)).sum())
        residual = weights * (1 / (1 + np.exp(-linear)) - mutant)
        prior = np.log1p((slope / PRIOR_SCALE) ** 2)
        by_slope = float((residual * x).sum()) + 2 * slope / (PRIOR_SCALE**2 + slope**2)
        return value + prior, np.array([by_slope, residual.sum()])

    start = np.array([0.0, float(logit(np.array(prevalence)))])
    slope, intercept = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]).x
    return float(slope), float(intercept)


def without(scores: Sequence[HeldOutScore], patients: Collection[str]) -> list[HeldOutScore]:
    """Return the scores of other patients: whoever is calibrated never contributes, by no fold and no repetition."""
    return [score for score in scores if score.patient_key not in patients]


def calibrate_scores(scores: Sequence[HeldOutScore], prevalence: float) -> list[HeldOutScore]:
    """Return the scores with stated probabilities, each fold calibrated by the patients whom it does not hold out."""
    stated: list[HeldOutScore] = []
    for fold in sorted({score.fold for score in scores}):
        own = [score for score in scores if score.fold == fold]
        others = without(scores, {score.patient_key for score in own})
        stated += apply_calibration(own, fit_calibration(others, prevalence))
    return stated


def apply_calibration(scores: Sequence[HeldOutScore], calibration: Calibration) -> list[HeldOutScore]:
    """Return the scores with the probabilities that are stated by this calibration."""
    outputs = np.array([score.probability_mutant for score in scores], dtype=np.float64)
    stated = stated_probability(outputs, calibration)
    return [replace(score, calibrated=float(p)) for score, p in zip(scores, stated, strict=True)]


def for_site(calibration: Calibration, site_prevalence: float | None) -> Calibration:
    """Return the calibration for a site with another share of mutants, if one is assumed.

    The shift of the log odds assumes that mutants and wild types each look alike in both places, only their shares
    differ (Saerens, Latinne and Decaestecker, Neural Comput 2002, equation 2.4).
    """
    if site_prevalence is None or calibration.prevalence is None:
        return calibration
    of_site, of_cohort = logit(np.array([site_prevalence, calibration.prevalence]))
    return replace(
        calibration, intercept=calibration.intercept + float(of_site - of_cohort), prevalence=site_prevalence
    )
