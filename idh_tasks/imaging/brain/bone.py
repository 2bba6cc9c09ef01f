"""Removes from a brain mask the bone and air that it contains at its surface.

On a T1 bone and air have less signal than fluid. How much each has is measured in the image itself: no bone lies deep
in the brain, where the ventricles are, and the skull lies next to the brain.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask, Triple, Volume

DEEP_MM = 20.0
"""What lies deeper below the surface of the brain is no bone; its darkest part is the fluid of the ventricles."""
NEAR_MM = 5.0
"""The skull begins within this distance of the brain; the darkest part is solid bone or air."""
DARKEST_ML = 1.0
"""Over this volume both are averaged; the lateral ventricles of a child already hold several millilitres."""
STEP_MM = 3.0
"""Distance between the places where the image is looked at for both."""
NEIGHBOURS = 3
"""Voxels along each axis over which noise is averaged."""
Box = tuple[slice, ...]


def without_bone(image: Volume, mask: Mask) -> Mask:
    """Remove what is as dark as bone and connected with the outside.

    Fluid in sulci is as bright as that of the ventricles and stays; so do dark vessels inside the brain.

    Parameters
    ----------
    image
        T1-weighted, with the skull.
    mask
        The brain with its cerebrospinal fluid, and some bone.
    """
    spacing = image.geometry.spacing_mm
    kept = mask.copy()
    for box in _surroundings(mask, spacing):
        brain, outside = mask[box], ~mask[box]
        limit = _brightest_bone(image.voxels[box], brain, spacing)
        dark = _averaged((image.voxels[box] < limit).astype(np.float32)) > 0.5
        kept[box] = ~ndimage.binary_propagation(outside, mask=dark | outside)
    return kept


def _surroundings(mask: Mask, spacing: Triple) -> Iterator[Box]:
    """Yield the box around a mask with everything near it, unless the mask is empty."""
    margins = [int(np.ceil(NEAR_MM / mm)) + NEIGHBOURS for mm in spacing[::-1]]
    for box in ndimage.find_objects(mask.astype(np.int8)):
        yield tuple(slice(max(0, side.start - n), side.stop + n) for side, n in zip(box, margins, strict=True))


def _brightest_bone(voxels: Float, brain: Mask, spacing: Triple) -> float:
    """Return the signal halfway between bone and fluid; nothing has less than that of a mask without depth."""
    sides = np.array(spacing[::-1])
    steps = np.maximum(1, np.round(STEP_MM / sides)).astype(int)
    places = tuple(slice(None, None, step) for step in steps)
    mean, inside, apart = _averaged(voxels)[places], brain[places], sides * steps
    deep = ndimage.distance_transform_edt(inside, sampling=apart) > DEEP_MM
    near = ~inside & (ndimage.distance_transform_edt(~inside, sampling=apart) <= NEAR_MM)
    count = max(1, round(DARKEST_ML * 1000 / float(apart.prod())))
    return (_darkest(mean[deep], count) + _darkest(mean[near], count)) / 2


def _darkest(values: NDArray[np.float32], count: int) -> float:
    """Return the mean of the least values, or minus infinity if there is none."""
    return float(np.sort(values)[:count].mean()) if values.size else -np.inf


def _averaged(voxels: Float) -> Float:
    return np.asarray(ndimage.uniform_filter(voxels, NEIGHBOURS))
