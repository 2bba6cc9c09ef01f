"""The exponential that the paper fits to learning curves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit

Array = NDArray[np.float64]


def exponential(x: Array, a: float, b: float, c: float) -> Array:
    """Return a·e^(−b·x) + c, the paper's equation 1."""
    return np.asarray(a * np.exp(-b * x) + c)


def fit_learning_curve(epochs: Array, loss: Array) -> tuple[float, float, float] | None:
    """Return (a, b, c) of the paper's equation 1 fitted to a learning curve, or None if the fit does not converge."""
    start = (float(loss[0] - loss[-1]), 3.0 / float(epochs[-1]), float(loss[-1]))
    try:
        (a, b, c), _ = curve_fit(exponential, epochs, loss, p0=start, maxfev=5000)
    except (RuntimeError, OptimizeWarning, ValueError, TypeError):
        return None
    return float(a), float(b), float(c)


def fit_mean_curve(curves: Sequence[Sequence[tuple[int, float]]]) -> tuple[float, float, float] | None:
    """Fit the mean of the folds' learning curves, up to the epoch at which the first fold stopped early."""
    shared = min(map(len, curves))
    points = np.array([curve[:shared] for curve in curves], dtype=np.float64)
    return fit_learning_curve(points[0, :, 0], points[:, :, 1].mean(axis=0))
