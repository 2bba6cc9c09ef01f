"""Expresses blood volume relative to normal-appearing white matter on the side opposite to the tumour."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Triple, Volume

BORDER_MM = 6.0
"""Distance from the surface of the brain, where cortex and its vessels lie."""
MIDLINE_MM = 8.0
"""Distance from the midline, where the falx and large veins lie."""
MARGIN_MM = 10.0
"""Distance from the tumour, whose infiltration reaches beyond its outline."""
PURE_MM = 1.5
"""Depth inside white matter: voxels of the perfusion series are larger than those of the MPRAGE."""
BRIGHTEST_PERCENTILE = 99.0
"""Brighter voxels of a MPRAGE after contrast are vessels."""
MIN_ML = 1.0


@dataclass(frozen=True)
class NormalisedRcbv:
    """rCBV, the volume of white matter to which it is relative in ml, and ``W_RCBV_REFERENCE`` if that is too small."""

    voxels: Float
    white_matter_ml: float
    flags: tuple[Code, ...] = ()


def normalise_rcbv(rcbv: Float, covered: Mask, brain: Mask, tumour: Mask, mprage: Volume) -> NormalisedRcbv:
    """Divide rCBV by its median in contralateral normal-appearing white matter.

    Where less than 1 ml is found, rCBV is returned unchanged, relative to the whole brain, with ``W_RCBV_REFERENCE``.

    Parameters
    ----------
    rcbv, covered, brain, tumour
        On the grid of the MPRAGE; `covered` is where the perfusion series has voxels.
    mprage
        In axial slices (LPS).
    """
    white = contralateral_white_matter(brain, tumour, mprage) & covered & (rcbv > 0)
    volume_ml = float(white.sum() * np.prod(mprage.geometry.spacing_mm)) / 1000
    if volume_ml < MIN_ML:
        return NormalisedRcbv(rcbv, volume_ml, (Code.W_RCBV_REFERENCE,))
    return NormalisedRcbv(np.asarray(rcbv / np.median(rcbv[white]), dtype=np.float32), volume_ml)


def contralateral_white_matter(brain: Mask, tumour: Mask, mprage: Volume) -> Mask:
    """Return normal-appearing white matter in the hemisphere with the smaller part of the tumour.

    White matter is the brightest of the three classes of the MPRAGE (Otsu) within that hemisphere, away from the
    surface of the brain, the midline and the tumour.
    """
    spacing = mprage.geometry.spacing_mm
    left = left_of_midline_mm(brain | tumour, spacing)
    side = 1 if np.median(left[tumour]) < 0 else -1
    healthy = brain & (side * left > MIDLINE_MM) & _deeper(brain, BORDER_MM, spacing)
    healthy &= _deeper(~tumour, MARGIN_MM, spacing)
    if not healthy.any():
        return healthy
    values = mprage.voxels[healthy]
    white = healthy & (mprage.voxels > _upper_threshold(values))
    white &= mprage.voxels < np.percentile(values, BRIGHTEST_PERCENTILE)
    return _deeper(ndimage.binary_closing(white) & healthy, PURE_MM, spacing)


def left_of_midline_mm(brain: Mask, spacing_mm: Triple) -> NDArray[np.float64]:
    """Return the distance of every voxel from the midline along x, positive to the patient's left.

    The midline is the plane x = a + b·y + c·z through the middle of every row of the brain, fitted again without the
    rows that lie far from it; the head may be rotated.
    """
    z, y = np.nonzero(brain.any(axis=2))
    rows = brain[z, y]
    middle = (rows.argmax(axis=1) + rows.shape[1] - 1 - rows[:, ::-1].argmax(axis=1)) / 2
    design = np.stack([np.ones(len(z)), y, z], axis=1)
    near = np.ones(len(z), dtype=bool)
    for _ in range(3):
        plane = np.linalg.lstsq(design[near], middle[near], rcond=None)[0]
        distance = np.abs(middle - design @ plane)
        near = distance <= max(1.0, 2 * float(np.median(distance)))
    depth, height, width = np.ogrid[tuple(slice(n) for n in brain.shape)]
    return np.asarray((width - plane[0] - plane[1] * height - plane[2] * depth) * spacing_mm[0])


def _deeper(mask: Mask, depth_mm: float, spacing_mm: Triple) -> Mask:
    """Return the voxels of a mask that lie deeper than this below its surface."""
    image = sitk.GetImageFromArray((~mask).astype(np.uint8))
    image.SetSpacing(spacing_mm)
    distance = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    return np.asarray(sitk.GetArrayFromImage(distance) > depth_mm) if (~mask).any() else mask


def _upper_threshold(values: Float) -> float:
    """Return the threshold between the two brighter ones of three classes."""
    otsu = sitk.OtsuMultipleThresholdsImageFilter()
    otsu.SetNumberOfThresholds(2)
    bounded = np.minimum(values, np.percentile(values, BRIGHTEST_PERCENTILE))
    otsu.Execute(sitk.GetImageFromArray(bounded[None, :]))
    return float(otsu.GetThresholds()[1])
