"""The apparent diffusion coefficient from two or more b-values."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from idh_tasks.domain.volume import Series4D, Volume

Curves = NDArray[np.float64]

NOISE_FLOOR = 0.05
"""Voxels below this fraction of the brightest b = 0 signal contain no tissue."""
PHYSICAL_LIMIT = 4000.0
"""Largest ADC in 10⁻⁶ mm²/s that is reported."""
RAYLEIGH_MEDIAN = np.sqrt(2 * np.log(2))
"""Median magnitude of air, in standard deviations of the noise."""
REFITS = 2
"""Each refit takes weights and noise floor from the previous fit. A third changes the mean by < 0.1 % at S₀ = 40 σ."""


def fit_adc(dwi: Series4D) -> Volume:
    """Fit S = S₀·e^(−b·ADC) by weighted least squares on the logarithm of the signal, corrected for the noise floor.

    The noise of the logarithm increases as the signal falls, so each b-value is weighted by S². S is taken from the
    previous fit, because measured signals as weights would favour those raised by noise (Salvador et al., Hum Brain
    Mapp 2005). The logarithm of a magnitude exceeds that of its true signal A by ½·E₁(A²/2σ²) on average (mean of the
    log-Rice distribution); this bias is subtracted, with σ measured in the air around the head.

    Parameters
    ----------
    dwi
        Voxels of shape (b, z, y, x); steps are b-values in s/mm².

    Returns
    -------
    Volume
        ADC in 10⁻⁶ mm²/s, within [0, 4000]; 0 in voxels without signal.
    """
    tissue = dwi.voxels[0] > NOISE_FLOOR * np.percentile(dwi.voxels[0], 99)
    logs = np.log(np.maximum(dwi.voxels[:, tissue], 1.0).astype(np.float64))
    sigma = _noise_sigma(dwi.voxels[:, ~tissue])
    b_values = np.array(dwi.steps)[:, None]
    s0, decay = _fit_line(logs, b_values, np.ones_like(logs))
    for _ in range(REFITS):
        signal = np.exp(s0 - b_values * np.clip(decay, 0, PHYSICAL_LIMIT * 1e-6))
        s0, decay = _fit_line(logs - _noise_bias(signal, sigma), b_values, signal**2)
    adc = np.zeros(dwi.geometry.shape, dtype=np.float32)
    adc[tissue] = np.clip(decay * 1e6, 0, PHYSICAL_LIMIT)
    return Volume(adc, dwi.geometry)


def _noise_sigma(air: NDArray[np.float32]) -> float:
    """Return σ from the magnitudes of air; 0 if the scanner has set the air to zero."""
    positive = air[air > 0]
    return float(np.median(positive) / RAYLEIGH_MEDIAN) if positive.size else 0.0


def _noise_bias(signal: Curves, sigma: float) -> Curves:
    """Return by how much noise raises the mean logarithm; signals below σ are too uncertain and count as σ."""
    if sigma == 0:
        return np.zeros_like(signal)
    return np.asarray(exp1(np.maximum(signal / sigma, 1.0) ** 2 / 2) / 2)


def _fit_line(logs: Curves, b_values: Curves, weights: Curves) -> tuple[Curves, Curves]:
    """Return intercept and negative slope of the weighted line through logs of shape (b, n)."""
    total = weights.sum(axis=0)
    mean_b = (weights * b_values).sum(axis=0) / total
    centred = b_values - mean_b
    decay = -(weights * centred * logs).sum(axis=0) / (weights * centred**2).sum(axis=0)
    return (weights * logs).sum(axis=0) / total + decay * mean_b, decay
