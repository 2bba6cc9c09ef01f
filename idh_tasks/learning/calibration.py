"""Temperature scaling of probabilities (Guo et al., ICML 2017)."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

Array = NDArray[np.float64]

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
MARGIN = 1e-7
"""Distance from 0 and 1 within which a probability is clipped."""


def logit(probability: Array) -> Array:
    """Return log(p / (1 − p)) of probabilities that are clipped to keep it finite."""
    inner = np.clip(probability, MARGIN, 1 - MARGIN)
    return np.asarray(np.log(inner / (1 - inner)))


def apply_temperature(logits: Array, temperature: float) -> Array:
    """Return the probabilities σ(logit / temperature)."""
    return np.asarray(1 / (1 + np.exp(-logits / temperature)))


def fit_temperature(probability: Array, mutant: NDArray[np.bool_]) -> float:
    """Return the temperature T for which σ(logit p / T) has the least log loss, or 1 if a class is missing.

    Parameters
    ----------
    probability, mutant
        Probabilities and labels of patients that the networks concerned were not trained on.
    """
    if len(np.unique(mutant)) < 2:
        return 1.0
    logits = logit(probability)

    def loss(log_temperature: float) -> float:
        return float(log_loss(mutant, apply_temperature(logits, np.exp(log_temperature)), labels=[False, True]))

    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
