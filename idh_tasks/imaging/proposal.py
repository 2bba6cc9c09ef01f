"""A whole-tumour outline proposed from T2 and FLAIR; a person accepts it before it is used."""

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError

SMOOTH_MM = 1.5
SEED_Z, GROW_Z = 2.6, 1.3
EDGE = 0.4
OPEN_MM, CLOSE_MM = 1.5, 3.0
PLAUSIBLE_ML = (1.0, 400.0)


def propose_tumour(t2: Float, flair: Float, brain: Mask, spacing_mm: tuple[float, float, float]) -> Mask:
    """Mark what is bright on FLAIR and not dark on T2: tumour with oedema (hysteresis threshold, largest part).

    Parameters
    ----------
    t2, flair
        On one grid [slices, rows, columns].
    brain
        Where tissue is.
    spacing_mm
        Of columns, rows, slices.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_ROI`` if nothing of a plausible size stands out.
    """
    zyx = np.array(spacing_mm[::-1], dtype=np.float32)
    bright = _z(ndimage.gaussian_filter(flair, SMOOTH_MM / zyx), brain)
    wet = _z(ndimage.gaussian_filter(t2, SMOOTH_MM / zyx), brain)
    inner = ndimage.binary_erosion(brain, iterations=2)
    grown = inner & (bright > GROW_Z) & (wet > -0.5)
    seeds = grown & (bright > SEED_Z)
    opened = ndimage.binary_opening(grown, _ball(OPEN_MM, zyx))
    parts, count = ndimage.label(opened)
    if count == 0:
        raise _nothing()
    weight = np.bincount(parts[seeds & opened], minlength=count + 1)
    weight[0] = 0
    mask = parts == int(weight.argmax())
    # A blurred edge lies near half the lesion's own height.
    mask &= bright > max(GROW_Z, EDGE * float(np.median(bright[mask])))
    mask = ndimage.binary_fill_holes(ndimage.binary_closing(mask, _ball(CLOSE_MM, zyx))) & brain
    low, high = PLAUSIBLE_ML
    if not low <= mask.sum() * float(np.prod(zyx)) / 1000 <= high:
        raise _nothing()
    return np.asarray(mask)


def _z(image: Float, brain: Mask) -> Float:
    """Return robust z-scores: the tumour must not move the scale it is measured by."""
    inside = image[brain]
    centre = np.median(inside)
    spread = 1.4826 * np.median(np.abs(inside - centre))
    return np.asarray((image - centre) / max(float(spread), 1e-6), dtype=np.float32)


def _ball(radius_mm: float, zyx: Float) -> Mask:
    reach = np.maximum(1, np.round(radius_mm / zyx)).astype(int).tolist()
    z, y, x = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    return np.asarray((z / reach[0]) ** 2 + (y / reach[1]) ** 2 + (x / reach[2]) ** 2 <= 1.0)


def _nothing() -> SeriesRejectedError:
    return SeriesRejectedError(Code.E_NO_ROI, "no tumour outline came with the study, and none could be proposed")
