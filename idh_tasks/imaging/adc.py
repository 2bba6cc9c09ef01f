"""The apparent diffusion coefficient from two or more b-values."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from idh_tasks.domain.volume import Series4D, Volume

Curves = NDArray[np.float64]

NOISE_FLOOR = 0.05
"""Share of the brightest b = 0 signal under which a voxel holds no tissue."""

PHYSICAL_LIMIT = 4000.0


RAYLEIGH_MEDIAN = np.sqrt(2 * np.log(2))
"""Median magnitude of air, in standard deviations of the noise."""

ROUNDS = 2
"""Refits with weights and noise floor of the fit before; a third changes the mean by under 0.1 % at S₀ = 40 σ."""


def fit_adc(dwi: Series4D) -> Volume:
    """Fit S = S₀·e^(−b·ADC) by weighted least squares on the logarithm, the noise floor taken off.

    The noise of a logarithm grows as the signal falls, so each b-value weighs S², taken from the fit before: measured
    signals as weights would favour those that noise has raised (Salvador et al., Hum Brain Mapp 2005). The logarithm
    of a magnitude lies ½·E₁(A²/2σ²) above that of its true signal A (mean of the log-Rice distribution), which is
    subtracted; σ is that of the air around the head.

    Parameters
    ----------
    dwi
        Voxels of shape (b, z, y, x); steps are b in s/mm².

    Returns
    -------
    Volume
        ADC in 10⁻⁶ mm²/s, within [0, 4000]; 0 where there is no signal.
    """
    tissue = dwi.voxels[0] > NOISE_FLOOR * np.percentile(dwi.voxels[0], 99)
    logs = np.log(np.maximum(dwi.voxels[:, tissue], 1.0).astype(np.float64))
    sigma = _noise(dwi.voxels[:, ~tissue])
    b_values = np.array(dwi.steps)[:, None]
    s0, decay = _line(logs, b_values, np.ones_like(logs))
    for _ in range(ROUNDS):
        signal = np.exp(s0 - b_values * np.clip(decay, 0, PHYSICAL_LIMIT * 1e-6))
        s0, decay = _line(logs - _floor(signal, sigma), b_values, signal**2)
    adc = np.zeros(dwi.geometry.shape, dtype=np.float32)
    adc[tissue] = np.clip(decay * 1e6, 0, PHYSICAL_LIMIT)
    return Volume(adc, dwi.geometry)


def _noise(air: NDArray[np.float32]) -> float:
    """Return σ from the magnitudes of air; 0 where the scanner has blanked it."""
    measured = air[air > 0]
    return float(np.median(measured) / RAYLEIGH_MEDIAN) if measured.size else 0.0


def _floor(signal: Curves, sigma: float) -> Curves:
    """Return by how much noise raises the mean logarithm; below σ the signal is not known well enough for more."""
    if sigma == 0:
        return np.zeros_like(signal)
    return np.asarray(exp1(np.maximum(signal / sigma, 1.0) ** 2 / 2) / 2)


def _line(logs: Curves, b_values: Curves, weights: Curves) -> tuple[Curves, Curves]:
    """Return height at b = 0 and −slope of the weighted line through logs (b, n); weights are relative."""
    total = weights.sum(axis=0)
    middle = (weights * b_values).sum(axis=0) / total
    centred = b_values - middle
    decay = -(weights * centred * logs).sum(axis=0) / (weights * centred**2).sum(axis=0)
    return (weights * logs).sum(axis=0) / total + decay * middle, decay
