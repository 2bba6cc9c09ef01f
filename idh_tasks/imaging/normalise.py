"""Normalises intensities to a common scale (protocol, 'Images')."""

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError


def brain_zscore(voxels: Float, brain: Mask) -> Float:
    """Return (x − median of the brain) / standard deviation of the brain.

    Raises
    ------
    SeriesRejectedError
        ``E_EMPTY_IMAGE`` if the brain has no contrast.
    """
    inside = voxels[brain]
    spread = float(inside.std()) if inside.size else 0.0
    if not spread > 0:
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image has no contrast in the brain")
    return np.asarray((voxels - np.median(inside)) / spread, dtype=np.float32)


def tumour_mean(voxels: Float, tumour: Mask) -> Float:
    """Return x / mean of the tumour.

    Raises
    ------
    SeriesRejectedError
        ``E_EMPTY_IMAGE`` if the tumour's mean is not positive.
    """
    mean = float(voxels[tumour].mean()) if tumour.any() else 0.0
    if not mean > 0:
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image has no signal in the tumour")
    return np.asarray(voxels / mean, dtype=np.float32)
