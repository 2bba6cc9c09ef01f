"""Normalises intensities to a common scale (protocol, 'Images')."""

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError

ROUNDING = 1e-5
"""A spread below this fraction of the largest value is rounding error of 32-bit numbers, and no contrast."""
BACKGROUND_SHARE = 0.5
"""An image in which a larger share of the brain is exactly zero is refused."""
ADC_UNIT = 1e-3
"""From 10⁻⁶ mm²/s to 10⁻³ mm²/s, in which brain tissue has values near 1."""


def brain_zscore(voxels: Float, brain: Mask) -> Float:
    """Return (x − median of the brain) / standard deviation of the brain; the unit of the image does not matter.

    Voxels of exactly zero inside the mask were not measured (outside the field of view, or without signal) and do not
    count.

    Raises
    ------
    SeriesRejectedError
        ``E_EMPTY_IMAGE`` if the brain has no contrast, or was not measured in most of the mask.
    """
    inside = voxels[brain].astype(np.float64)
    measured = inside[inside != 0]
    if measured.size <= (1 - BACKGROUND_SHARE) * inside.size:
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image has no signal in most of the brain")
    spread = float(measured.std())
    if not spread > ROUNDING * float(np.abs(measured).max()):
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image has no contrast in the brain")
    # Single precision throughout: a volume in double precision would be the largest array of a study.
    return (voxels - np.float32(np.median(measured))) / np.float32(spread)


def tumour_mean(voxels: Float, tumour: Mask) -> Float:
    """Return x / mean of the tumour.

    Raises
    ------
    SeriesRejectedError
        ``E_EMPTY_IMAGE`` if the tumour's mean is not positive, or positive by rounding only.
    """
    inside = voxels[tumour].astype(np.float64)
    mean = float(inside.mean()) if inside.size else 0.0
    if not mean > ROUNDING * float(np.abs(inside).max(initial=0)):
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image has no signal in the tumour")
    return voxels / np.float32(mean)


def absolute_adc(voxels: Float) -> Float:
    """Return an ADC of 10⁻⁶ mm²/s in 10⁻³ mm²/s: a measured quantity, which needs no reference tissue."""
    return np.asarray(voxels * ADC_UNIT, dtype=np.float32)
