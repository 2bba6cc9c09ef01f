"""What negative controls see of patches: the outline, the border, single pixels, and noise with sharpness."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.learning.negative_controls import Array
from idh_tasks.learning.texture import EDGE, Float, tumour_masks

CELLS = 8
"""Cells along each axis in which the outline is counted, and parts of each side of the border."""
BORDER = 3
"""Width of the border in pixels."""
SIGMAS = (0.6, 1.2, 2.4)
"""Standard deviations of the Gaussians between which noise and detail lie, in pixels."""
LEAST = 1e-6
NEIGHBOURS = np.array([[[1, 1, 1], [1, 0, 1], [1, 1, 1]]], dtype=np.float32)


def outline_features(patches: Float) -> Array:
    """Return the share of tumour in each cell of patches (n, size, size)."""
    return _cells(tumour_masks(patches).astype(np.float64))


def _cells(images: Array) -> Array:
    """Return the means of images (n, rows, columns) over a grid of at most CELLS × CELLS (n, cells)."""
    parts = [
        part.mean(axis=(1, 2))
        for strip in np.array_split(images, min(CELLS, images.shape[1]), axis=1)
        for part in np.array_split(strip, min(CELLS, images.shape[2]), axis=2)
    ]
    return np.stack(parts, axis=1)


def border_features(patches: Float) -> Array:
    """Return the means of short pieces of the border, and the steps from there inwards (n, 8 · pieces).

    They are relative to the values inside the tumour, so that its brightness does not count.
    """
    x = _relative(patches)
    outer, inner = _ring(x, 0), _ring(x, BORDER)
    return np.concatenate([outer, outer - inner], axis=1)


def _ring(images: Array, depth: int) -> Array:
    """Return the means of pieces of the four sides of a ring, BORDER pixels wide, that begins at a depth."""
    near, far = slice(depth, depth + BORDER), slice(-depth - BORDER, -depth or None)
    sides = (images[:, near], images[:, far], images[:, :, near].swapaxes(1, 2), images[:, :, far].swapaxes(1, 2))
    return np.concatenate([_cells(side.mean(axis=1, keepdims=True)) for side in sides], axis=1)


def _relative(patches: Float) -> Array:
    """Return patches in units of the spread inside the tumour, those inside relative to its median."""
    masks = tumour_masks(patches)
    inside = np.where(masks | ~masks.any(axis=(1, 2), keepdims=True), patches, np.nan).astype(np.float64)
    centre = np.nanmedian(inside, axis=(1, 2), keepdims=True)
    spread = np.nanmedian(np.abs(inside - centre), axis=(1, 2), keepdims=True)
    return np.asarray(np.where(masks, patches - centre, 0) / np.maximum(spread, LEAST))


def pixel_features(patches: Float) -> Array:
    """Return by how much each pixel differs from the mean of its neighbours in the tumour, or outside it (n, pixels).

    Across the edge of the tumour, its own brightness would show. A mark beside the tumour belongs to the outside.
    """
    tumour = np.stack([_largest_part(mask) for mask in tumour_masks(patches)])
    around = np.where(tumour, _mean_around(patches, tumour), _mean_around(patches, ~tumour))
    return np.asarray((patches - around).reshape(len(patches), -1), dtype=np.float64)


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected part of a mask (size, size)."""
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    return np.asarray(parts == 1 + np.argmax(np.bincount(parts.ravel(), minlength=2)[1:])) if count else mask


def _mean_around(patches: Float, side: NDArray[np.bool_]) -> Float:
    """Return the mean of those of the eight neighbours that are on this side, or of all where none is."""
    number = ndimage.convolve(side.astype(np.float32), NEIGHBOURS, mode="nearest")
    sums = ndimage.convolve(patches * side, NEIGHBOURS, mode="nearest")
    everywhere = ndimage.convolve(patches, NEIGHBOURS / NEIGHBOURS.sum(), mode="nearest")
    return np.where(number > 0, sums / np.maximum(number, 1), everywhere)


def grain_features(patches: Float) -> Array:
    """Return the logarithms of the noise, of the sharpness at two scales, and of the number of values (n, 4)."""
    masks = tumour_masks(patches)
    inner = ndimage.binary_erosion(masks, np.ones((1, 3, 3), dtype=bool), iterations=EDGE, border_value=1)
    smooth = [patches, *(ndimage.gaussian_filter(patches, (0, sigma, sigma)) for sigma in SIGMAS)]
    noise, fine, coarse = (_spread(one - other, inner) for one, other in pairwise(smooth))
    values = np.log([len(np.unique(patch)) for patch in patches])
    return np.stack([noise, fine - noise, coarse - fine, values], axis=1)


def _spread(images: Float, inside: NDArray[np.bool_]) -> Array:
    """Return the logarithm of the mean absolute value inside (n,)."""
    pixels = np.maximum(inside.sum(axis=(1, 2)), 1)
    return np.asarray(np.log(np.abs(np.where(inside, images, 0)).sum(axis=(1, 2)) / pixels + LEAST))
