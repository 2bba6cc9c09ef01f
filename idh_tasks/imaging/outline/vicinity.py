"""An outline and the images around it on a coarse grid, on which it is judged in a fraction of a second."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask, Triple

REACH_MM = 22.0
"""How far the images are looked at beyond the outline."""
VOXELS = 300
"""The coarse voxels are so small that an outline has about this many, within the limits below."""
FINEST_MM, COARSEST_MM = 1.0, 3.2
BLUR_MM = 1.5
"""Standard deviation of a filter that takes away noise."""
MOSTLY = 0.7
"""A coarse voxel with at least this share of tissue counts as tissue."""

Box = list[tuple[int, int]]


@dataclass(frozen=True)
class Vicinity:
    """What lies in and around an outline, of one shape (z, y, x), with the outline in the middle.

    Attributes
    ----------
    distance_mm
        From the edge of the outline, negative inside.
    sampling_mm
        Size of the coarse voxels along z, y and x.
    """

    outline: Mask
    tissue: Mask
    distance_mm: Float
    images: tuple[Float, ...]
    sampling_mm: Triple

    def within(self, low_mm: float, high_mm: float) -> Mask:
        """Return the tissue at these distances from the edge."""
        return np.asarray((self.distance_mm > low_mm) & (self.distance_mm <= high_mm) & self.tissue)


def vicinity(outline: Mask, images: Sequence[Float], tissue: Mask, spacing_mm: Triple) -> Vicinity:
    """Return an outline and its surroundings on a grid that suits its size.

    Parameters
    ----------
    outline, images, tissue
        On one grid of shape (z, y, x).
    spacing_mm
        Of columns, rows, slices.
    """
    fine = spacing_mm[::-1]
    coarse_mm = np.clip(np.cbrt(outline.sum() * np.prod(fine) / VOXELS), FINEST_MM, COARSEST_MM)
    factors = [max(1, round(float(coarse_mm) / spacing)) for spacing in fine]
    z, y, x = (spacing * factor for spacing, factor in zip(fine, factors, strict=True))
    box = _box(outline, [int(np.ceil(REACH_MM / spacing)) for spacing in fine], factors)
    drawn = _means(_cut(outline, box, "constant"), factors) > 0.5
    sampling = (z, y, x)
    distance = ndimage.distance_transform_edt(~drawn, sampling) - ndimage.distance_transform_edt(drawn, sampling)
    blur = [BLUR_MM / size for size in sampling]
    shown = tuple(ndimage.gaussian_filter(_means(_cut(image, box, "edge"), factors), blur) for image in images)
    inside = _means(_cut(tissue, box, "constant"), factors) >= MOSTLY
    return Vicinity(drawn, inside, np.asarray(distance, dtype=np.float32), shown, sampling)


def _box(outline: Mask, reach: Sequence[int], factors: Sequence[int]) -> Box:
    """Return first and last index per axis of a box around an outline, whose size is a multiple of the factors."""
    found = ndimage.find_objects(outline.astype(np.int8))[0]
    low = [axis.start - by for axis, by in zip(found, reach, strict=True)]
    high = [axis.stop + by for axis, by in zip(found, reach, strict=True)]
    return [(start, stop + (start - stop) % n) for start, stop, n in zip(low, high, factors, strict=True)]


def _cut(array: Float | Mask, box: Box, mode: str) -> Float:
    """Cut a box out of an array, which is padded where the box reaches beyond it."""
    inner = tuple(slice(max(low, 0), high) for low, high in box)
    widths = [(max(-low, 0), max(high - size, 0)) for (low, high), size in zip(box, array.shape, strict=True)]
    padded = np.pad(array[inner], widths, mode=mode)  # type: ignore[call-overload]  # the stubs want a literal
    return np.asarray(padded, dtype=np.float32)


def _means(array: Float, factors: Sequence[int]) -> Float:
    """Average blocks of voxels."""
    shape = [n for size, factor in zip(array.shape, factors, strict=True) for n in (size // factor, factor)]
    return np.asarray(array.reshape(shape).mean(axis=(1, 3, 5)))
