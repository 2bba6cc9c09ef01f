"""The apparent diffusion coefficient from two or more b-values."""

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.volume import Series4D, Volume

Curves = NDArray[np.float64]

NOISE_FLOOR = 0.05
"""Share of the brightest b = 0 signal under which a voxel holds no tissue."""

PHYSICAL_LIMIT = 4000.0


def fit_adc(dwi: Series4D) -> Volume:
    """Fit S = S₀·e^(−b·ADC) by weighted least squares on the logarithm.

    The noise of a logarithm grows as the signal falls, so each b-value weighs S², taken from an unweighted fit:
    measured signals as weights would favour those that noise has raised (Salvador et al., Hum Brain Mapp 2005).

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
    b_values = np.array(dwi.steps)
    start = _decay(logs, b_values, np.ones_like(logs))
    decay = _decay(logs, b_values, np.exp(-2 * b_values[:, None] * np.clip(start, 0, PHYSICAL_LIMIT * 1e-6)))
    adc = np.zeros(dwi.geometry.shape, dtype=np.float32)
    adc[tissue] = np.clip(decay * 1e6, 0, PHYSICAL_LIMIT)
    return Volume(adc, dwi.geometry)


def _decay(logs: Curves, b_values: Curves, weights: Curves) -> Curves:
    """Return −slope of the weighted line through logs (b, n); weights are relative."""
    total = weights.sum(axis=0)
    centred = b_values[:, None] - (weights * b_values[:, None]).sum(axis=0) / total
    spread = (weights * centred**2).sum(axis=0)
    return np.asarray(-(weights * centred * logs).sum(axis=0) / spread)
