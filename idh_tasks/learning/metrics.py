"""The columns of the paper's Table 1, calibration, and intervals over patients."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.stats import bootstrap
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from idh_tasks.domain.learning import HeldOutScore, Interval, Metrics
from idh_tasks.errors import RunRefusedError

Array = NDArray[np.float64]

THRESHOLD = 0.5
RESAMPLES = 2000
CONFIDENCE = 0.95


def arrays(scores: Sequence[HeldOutScore]) -> tuple[NDArray[np.bool_], Array]:
    """Return (mutant, probability_mutant) of the scores."""
    mutant = np.array([score.mutant for score in scores], dtype=bool)
    return mutant, np.array([score.probability_mutant for score in scores])


def measure(scores: Sequence[HeldOutScore]) -> Metrics:
    """Compute accuracy, categorical cross-entropy, sensitivity, specificity and AUC.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if one class is missing: no AUC is printed then.
    """
    mutant, probability = arrays(scores)
    if mutant.all() or not mutant.any():
        raise RunRefusedError("E_FOLD_DEGENERATE", f"{int(mutant.sum())} mutants among {len(mutant)}: no AUC")
    called = probability >= THRESHOLD
    return Metrics(
        n=len(mutant),
        mutants=int(mutant.sum()),
        accuracy=float((called == mutant).mean()),
        loss=float(log_loss(mutant, probability)),
        sensitivity=float(called[mutant].mean()),
        specificity=float((~called[~mutant]).mean()),
        auc=float(roc_auc_score(mutant, probability)),
    )


def brier(scores: Sequence[HeldOutScore]) -> float:
    """Return the mean squared error of the probabilities."""
    return float(brier_score_loss(*arrays(scores)))


def _mann_whitney(positive: Array, negative: Array, axis: int = -1) -> Array:  # noqa: ARG001 - scipy passes it
    """Return the AUC as the share of pairs in the right order, along the last axis."""
    pairs = positive[..., :, None] - negative[..., None, :]
    return np.asarray(((pairs > 0) + 0.5 * (pairs == 0)).mean(axis=(-2, -1)))


def auc_interval(scores: Sequence[HeldOutScore], seed: int) -> Interval:
    """Return the out-of-fold AUC with a bootstrap interval over patients, stratified by class."""
    mutant, probability = arrays(scores)
    groups = (probability[mutant], probability[~mutant])
    result = bootstrap(
        groups,
        _mann_whitney,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        batch=100,
        rng=np.random.default_rng(seed),
    )
    low, high = result.confidence_interval
    return Interval(float(_mann_whitney(*groups)), float(low), float(high))


def exponential(x: Array, a: float, b: float, c: float) -> Array:
    """Return a·e^(−b·x) + c, the paper's equation 1."""
    return np.asarray(a * np.exp(-b * x) + c)


def fit_learning_curve(epochs: Array, loss: Array) -> tuple[float, float, float] | None:
    """Fit the paper's equation 1 to a learning curve; nothing where it does not converge."""
    start = (float(loss[0] - loss[-1]), 3.0 / float(epochs[-1]), float(loss[-1]))
    try:
        (a, b, c), _ = curve_fit(exponential, epochs, loss, p0=start, maxfev=5000)
    except (RuntimeError, OptimizeWarning, ValueError, TypeError):
        return None
    return float(a), float(b), float(c)
