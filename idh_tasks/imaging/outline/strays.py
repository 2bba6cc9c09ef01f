"""Finds small pieces apart from the rest of an outline, which widen the rectangle of the patch."""

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Mask
from idh_tasks.imaging.patch import widest_rectangle

SMALL = 0.01
"""Pieces smaller than this fraction of the slice's outline are slips of the pen more often than tumour."""


def widening(outline: Mask) -> float:
    """Return the area of the patch's rectangle, relative to the rectangle without small pieces on that slice."""
    plane = outline[widest_rectangle(outline).slice_index][None]
    parts, _ = ndimage.label(plane, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    large = (sizes >= SMALL * sizes.sum())[parts]
    return _area(plane) / _area(large & plane)


def _area(plane: Mask) -> float:
    box = widest_rectangle(plane)
    return float((box.bottom - box.top) * (box.right - box.left))
