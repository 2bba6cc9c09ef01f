"""Morphology on the working grid, with distances in mm."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.proposal.grid import MM

CROSS = ndimage.generate_binary_structure(3, 1)


def distance_mm(mask: Mask) -> Float:
    """Return the distance of each voxel to the nearest voxel inside the mask."""
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    return np.asarray(ndimage.distance_transform_edt(~mask) * MM, dtype=np.float32)


def depth_mm(mask: Mask) -> Float:
    """Return the distance of each voxel inside the mask to the nearest voxel outside it."""
    return np.asarray(ndimage.distance_transform_edt(mask) * MM, dtype=np.float32)


def closed(mask: Mask, reach_mm: float) -> Mask:
    """Fill gaps of up to twice the reach in width."""
    padding = int(reach_mm // MM) + 2
    grown = distance_mm(np.pad(mask, padding)) <= reach_mm
    inner = slice(padding, -padding)
    return np.asarray(depth_mm(grown)[inner, inner, inner] > reach_mm)


def filled(mask: Mask) -> Mask:
    """Fill what is enclosed in space or in at least two of the three planes through it."""
    planes = np.zeros(mask.shape, dtype=np.uint8)
    for axis in range(3):
        planes += ndimage.binary_fill_holes(mask, _in_plane(axis))
    return np.asarray((planes >= 2) | ndimage.binary_fill_holes(mask))


def neighbourhood_maximum(image: Float, reach: int) -> Float:
    """Return the maximum within so many voxels."""
    return np.asarray(ndimage.maximum_filter(ndimage.maximum_filter(image, footprint=CROSS), size=2 * reach - 1))


def masses(mask: Mask, probability: Float) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Label the parts of a mask; sum the probability over each, where thin edges and bridges count little."""
    labels, _ = ndimage.label(mask)
    weights = np.where(ndimage.binary_erosion(mask), probability, 0.2 * probability)
    total = np.bincount(labels.ravel(), weights=weights.ravel().astype(np.float64)).astype(np.float64)
    total[0] = 0
    return labels, total


def main_part(mask: Mask, probability: Float) -> Mask:
    """Return the part with the largest sum of the probability, without what is thinner than three voxels."""
    labels, _ = ndimage.label(ndimage.binary_opening(mask, CROSS))
    total = np.bincount(labels.ravel(), weights=probability.ravel().astype(np.float64))
    total[0] = 0
    return np.asarray((labels == total.argmax()) & (labels > 0))


def _in_plane(axis: int) -> Mask:
    neighbours = CROSS.copy()
    neighbours[tuple(slice(None, None, 2) if n == axis else slice(None) for n in range(3))] = False
    return neighbours
