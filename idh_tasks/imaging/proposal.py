"""Proposes a whole-tumour outline from T2 and FLAIR; a reviewer must accept it before it is used."""

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError

SMOOTH_MM = 1.5
SEED_Z, GROW_Z = 2.6, 1.3
"""Hysteresis thresholds on FLAIR, in robust standard deviations above the median of the brain."""
EDGE = 0.4
"""The edge of the lesion lies at this fraction of its median z-score."""
OPEN_MM, CLOSE_MM = 1.5, 3.0
PLAUSIBLE_ML = (1.0, 400.0)


def propose_tumour(t2: Float, flair: Float, brain: Mask, spacing_mm: tuple[float, float, float]) -> Mask:
    """Segment tumour and oedema: a region that is bright on FLAIR and not dark on T2 (hysteresis thresholds).

    Parameters
    ----------
    t2, flair
        On the same grid, [slices, rows, columns].
    brain
        Voxels that may be marked.
    spacing_mm
        Of columns, rows, slices.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_ROI`` if no region of plausible size stands out.
    """
    spacing_zyx = np.array(spacing_mm[::-1], dtype=np.float32)
    flair_z, t2_z = (_zscore(ndimage.gaussian_filter(image, SMOOTH_MM / spacing_zyx), brain) for image in (flair, t2))
    lesion = _brightest_lesion(flair_z, t2_z, brain, spacing_zyx)
    # A blurred edge lies near half the height of the lesion itself.
    lesion &= flair_z > max(GROW_Z, EDGE * float(np.median(flair_z[lesion])))
    closed = ndimage.binary_closing(lesion, _ball(CLOSE_MM, spacing_zyx))
    mask = np.asarray(ndimage.binary_fill_holes(closed) & brain)
    low, high = PLAUSIBLE_ML
    if not low <= mask.sum() * float(np.prod(spacing_zyx)) / 1000 <= high:
        raise _no_outline()
    return mask


def _brightest_lesion(flair_z: Float, t2_z: Float, brain: Mask, spacing_zyx: Float) -> Mask:
    """Return the connected region above the lower threshold that contains the most voxels above the upper one."""
    interior = ndimage.binary_erosion(brain, iterations=2)
    grown = interior & (flair_z > GROW_Z) & (t2_z > -0.5)
    opened = ndimage.binary_opening(grown, _ball(OPEN_MM, spacing_zyx))
    regions, count = ndimage.label(opened)
    if count == 0:
        raise _no_outline()
    seed_counts = np.bincount(regions[opened & (flair_z > SEED_Z)], minlength=count + 1)
    seed_counts[0] = 0
    return np.asarray(regions == int(seed_counts.argmax()))


def _zscore(image: Float, brain: Mask) -> Float:
    """Return z-scores by median and MAD, which the tumour itself hardly influences."""
    inside = image[brain]
    centre = np.median(inside)
    spread = 1.4826 * np.median(np.abs(inside - centre))
    return np.asarray((image - centre) / max(float(spread), 1e-6), dtype=np.float32)


def _ball(radius_mm: float, spacing_zyx: Float) -> Mask:
    reach = np.maximum(1, np.round(radius_mm / spacing_zyx)).astype(int).tolist()
    z, y, x = np.ogrid[tuple(slice(-n, n + 1) for n in reach)]
    return np.asarray((z / reach[0]) ** 2 + (y / reach[1]) ** 2 + (x / reach[2]) ** 2 <= 1.0)


def _no_outline() -> SeriesRejectedError:
    return SeriesRejectedError(
        Code.E_NO_ROI, "no tumour outline was delivered with the study, and none could be proposed"
    )
