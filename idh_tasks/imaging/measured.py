"""Tells the voxels in which an image was measured from those that were filled with a constant or lost their signal."""

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Geometry, Mask, Volume

FILLED_MM = 5.0
"""A smaller region of one constant may be tissue without signal, for example a vessel or fluid in FLAIR."""
LEAST_VOXELS = 3
SIGNAL = 0.05
"""Fraction of the bright tissue below which there is noise only."""
BRIGHT_PERCENTILE = 99
LEAST_BRIGHT = 0.005
"""Share of a plane through the head that has signal at least."""


def measured(image: Volume, *, is_map: bool) -> Mask:
    """Return the voxels in which an image was measured.

    Filled are regions of zeros, or of the lowest value of the image, as scanners, archives and tools write them for
    missing slices, padding, and everything outside a brain mask. A plane without signal is lost.

    Parameters
    ----------
    is_map
        In a map of a quantity, zero may be a value, for example that of blood volume in a necrosis. Only regions that
        reach the edge of the image are filled there.

    Returns
    -------
    Mask
        On the grid of the image, shape (z, y, x).
    """
    voxels = image.voxels
    filled = _without_small_parts((voxels == 0) | (voxels == voxels.min()), image.geometry)
    if is_map:
        filled = _at_the_edge(filled)
    return ~(filled | _without_signal(image))


def _box(grid: Geometry) -> list[int]:
    """Return the number of voxels along each axis, which is 1 between thick slices."""
    spacing = np.array(grid.spacing_mm[::-1])
    within_slices = spacing < 1.5 * spacing.min()
    least = np.where(within_slices, LEAST_VOXELS, 1)
    return np.maximum(least, np.round(FILLED_MM / spacing)).astype(int).tolist()


def _without_small_parts(mask: Mask, grid: Geometry) -> Mask:
    """Remove the parts into which a box of the least size does not fit; outside the image everything is filled."""
    size = _box(grid)
    eroded = ndimage.minimum_filter(mask, size, mode="constant", cval=True)
    # The box of the dilation is the mirrored one, which matters where its size is even.
    origin = [-(1 - n % 2) for n in size]
    return np.asarray(ndimage.maximum_filter(eroded, size, mode="constant", cval=False, origin=origin))


def _at_the_edge(mask: Mask) -> Mask:
    parts, _ = ndimage.label(np.pad(mask, 1, constant_values=True))
    return np.asarray(parts[1:-1, 1:-1, 1:-1] == parts[0, 0, 0])


def _without_signal(image: Volume) -> Mask:
    """Return the planes, along each axis, in which hardly a place is brighter than noise, which is averaged."""
    voxels, size = image.voxels, _box(image.geometry)
    least = SIGNAL * np.percentile(voxels, BRIGHT_PERCENTILE)
    lost = np.zeros(voxels.shape, dtype=bool)
    for axis in range(3):
        first, second = (other for other in range(3) if other != axis)
        averaged = _blocks(_blocks(voxels, first, size[first]), second, size[second])
        lost |= (averaged > least).mean(axis=(first, second), keepdims=True) < LEAST_BRIGHT
    return lost


def _blocks(voxels: Float, axis: int, size: int) -> Float:
    """Return the means of blocks along an axis; what is left at the end is not counted in full."""
    return np.asarray(np.add.reduceat(voxels, np.arange(0, voxels.shape[axis], size), axis) / size)
