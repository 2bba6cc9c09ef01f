"""Compares a mask with the true one: overlap, distance of the surfaces, and what the patch is cut by."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Mask, Triple
from idh_tasks.imaging.patch import widest_rectangle


def dice(one: Mask, other: Mask) -> float:
    """Return the Dice coefficient of two masks, of which one may be empty."""
    return 2 * float((one & other).sum()) / max(float(one.sum() + other.sum()), 1.0)


def hausdorff95_mm(one: Mask, other: Mask, spacing_mm: Triple) -> float:
    """Return the 95th percentile of the distances between two surfaces, in both directions, in mm."""
    surfaces = [mask & ~ndimage.binary_erosion(mask) for mask in (one, other)]
    to = [ndimage.distance_transform_edt(~surface, sampling=spacing_mm[::-1]) for surface in surfaces]
    return float(max(np.percentile(to[1][surfaces[0]], 95), np.percentile(to[0][surfaces[1]], 95)))


@dataclass(frozen=True)
class OutlineAgreement:
    """How well an outline agrees with the true one.

    Attributes
    ----------
    slice_mm
        Distance of the slices with the largest area, from which the patch is cut.
    rectangle
        Overlap of the rectangles on these slices: intersection over union.
    """

    dice: float
    hausdorff_mm: float
    slice_mm: float
    rectangle: float


def compare(found: Mask, true: Mask, spacing_mm: Triple) -> OutlineAgreement:
    """Compare an outline that is not empty with the true one."""
    one, other = widest_rectangle(found), widest_rectangle(true)
    rows = min(one.bottom, other.bottom) - max(one.top, other.top)
    columns = min(one.right, other.right) - max(one.left, other.left)
    areas = [(box.bottom - box.top) * (box.right - box.left) for box in (one, other)]
    shared = max(rows, 0) * max(columns, 0)
    return OutlineAgreement(
        dice(found, true),
        hausdorff95_mm(found, true, spacing_mm),
        abs(one.slice_index - other.slice_index) * spacing_mm[2],
        shared / (sum(areas) - shared),
    )
