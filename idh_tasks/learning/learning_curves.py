"""The exponential that the paper fits to learning curves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar, nnls
from scipy.stats import f as f_distribution

from idh_tasks.domain.learning_fit import Curve, Exponential, LearningCurves, NoFit

Array = NDArray[np.float64]

RATES = (1.0, 100.0)
"""Bounds of the rate b per observed span: a slower decay is a straight line, of which no plateau has been seen."""
GRID = 100
PARAMETERS = 3
MIN_POINTS = PARAMETERS + 2
ALPHA = 0.01
"""Level of the F test of the exponential against a constant."""


def fit_learning_curve(epochs: Array, loss: Array) -> Exponential | NoFit:
    """Fit the paper's equation 1 to the losses (n,) after these epochs (n,), increasing, or say why it does not fit.

    The rate is found by search, and for each rate the other two by least squares with neither negative (variable
    projection: Golub and Pereyra, SIAM J Numer Anal 1973). An exponential that is no better than a constant by an F
    test, or does not fall, does not decay.
    """
    if len(epochs) < MIN_POINTS:
        return NoFit.SHORT
    span = float(epochs[-1] - epochs[0])
    x = (epochs - epochs[0]) / span
    grid = np.geomspace(*RATES, GRID)
    best = int(np.argmin([_projected(x, loss, rate)[1] for rate in grid]))
    bounds = np.log([grid[max(best - 1, 0)], grid[min(best + 1, GRID - 1)]])
    found = minimize_scalar(lambda log_rate: _projected(x, loss, float(np.exp(log_rate)))[1], bounds=tuple(bounds))
    rate = float(np.exp(found.x))
    (height, c), residual = _projected(x, loss, rate)
    if height == 0 or not _better_than_a_constant(loss, residual):
        return NoFit.FLAT
    return Exponential(height * float(np.exp(rate * epochs[0] / span)), rate / span, c)


def _projected(x: Array, loss: Array, rate: float) -> tuple[tuple[float, float], float]:
    """Return height and plateau for a rate, with the sum of squared residuals."""
    (height, plateau), norm = nnls(np.column_stack([np.exp(-rate * x), np.ones_like(x)]), loss)
    return (float(height), float(plateau)), float(norm) ** 2


def _better_than_a_constant(loss: Array, residual: float) -> bool:
    total, freedom = float(((loss - loss.mean()) ** 2).sum()), len(loss) - PARAMETERS
    if total <= np.finfo(np.float64).eps * float((loss**2).sum()):
        return False
    critical = float(f_distribution.ppf(1 - ALPHA, PARAMETERS - 1, freedom))
    return (total - residual) / (PARAMETERS - 1) > critical * residual / freedom


def fit_mean_curve(curves: Sequence[Curve]) -> Exponential | NoFit:
    """Fit the mean of the folds' learning curves at the epochs that all folds have reached: some may stop early."""
    losses = [dict(curve) for curve in curves]
    shared = sorted(set.intersection(*(set(loss) for loss in losses))) if losses else []
    mean = [float(np.mean([loss[epoch] for loss in losses])) for epoch in shared]
    return fit_learning_curve(np.array(shared, dtype=np.float64), np.array(mean))


def fitted(held_out: Sequence[Curve], training: Sequence[Curve]) -> LearningCurves:
    """Return the losses of the folds with the fit of the mean held-out loss."""
    return LearningCurves(held_out, training, fit_mean_curve(held_out))
