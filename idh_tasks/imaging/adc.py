"""The apparent diffusion coefficient from two or more b-values."""

import numpy as np

from idh_tasks.domain.volume import Series4D, Volume

NOISE_FLOOR = 0.05
"""Share of the brightest b = 0 signal under which a voxel holds no tissue."""

PHYSICAL_LIMIT = 4000.0


def fit_adc(dwi: Series4D) -> Volume:
    """Fit S = S₀·e^(−b·ADC) by least squares on the logarithm.

    Parameters
    ----------
    dwi
        Voxels of shape (b, z, y, x); steps are b in s/mm².

    Returns
    -------
    Volume
        ADC in 10⁻⁶ mm²/s, within [0, 4000]; 0 where there is no signal.
    """
    b_values = np.array(dwi.steps)
    centred = b_values - b_values.mean()
    logs = np.log(np.maximum(dwi.voxels, 1.0))
    slope = np.tensordot(centred / (centred**2).sum(), logs, axes=(0, 0))
    tissue = dwi.voxels[0] > NOISE_FLOOR * np.percentile(dwi.voxels[0], 99)
    adc = np.where(tissue, np.clip(-slope * 1e6, 0, PHYSICAL_LIMIT), 0)
    return Volume(adc.astype(np.float32), dwi.geometry)
