"""The texture of patches inside the tumour, by spatial scale: what two images of one patient have in common."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Float = NDArray[np.float32]

SCALES = ((0.7, 2.0), (1.5, 4.0), (3.0, 9.0))
"""Standard deviations of the two Gaussians whose difference is a band, in pixels of a patch of 64."""
REFERENCE_SIZE = 64
EDGE = 2
"""Pixels at the border of the tumour that are left out: a patch averages them with the zeros outside."""
CLIP = 3.0
"""Largest value of a texture in standard deviations, so that no single pixel decides."""
MIN_BACKGROUND = 0.02
"""Share of a patch above which one exact value is its background."""

CORNER = 12
"""Part of the size of a patch that a corner has."""
MIN_CORNER = 5
"""Least width of a corner in pixels: the spread of fewer is small by chance."""
MIN_TUMOUR = 0.25
"""Least share of a patch that a tumour in noise has; the box of a patch is that of the tumour."""
QUIET = 0.4
"""Standard deviation of a background, as a share of that of the patch."""


class Texture(NamedTuple):
    """Textures (n, bands, size, size), zero outside the tumour, with the inside of the tumour (n, size, size)."""

    values: Float
    inside: Float

    def only(self, rows: NDArray[np.int64]) -> "Texture":
        """Return the textures at these indices."""
        return Texture(self.values[rows], self.inside[rows])


def tumour_masks(patches: Float) -> NDArray[np.bool_]:
    """Return where patches (n, size, size) show the tumour.

    The most frequent value is the background, if it is repeated. If noise lies over it, the background is what does
    not differ from the quietest corner. A patch without background is tumour everywhere.
    """
    return np.stack([_mask(patch) for patch in patches])


def _mask(patch: Float) -> NDArray[np.bool_]:
    values, counts = np.unique(patch, return_counts=True)
    commonest = int(np.argmax(counts))
    repeated = counts[commonest] > max(1, MIN_BACKGROUND * patch.size)
    return np.asarray(patch != values[commonest]) if repeated else _mask_in_noise(patch)


def _mask_in_noise(patch: Float) -> NDArray[np.bool_]:
    width = max(MIN_CORNER, patch.shape[0] // CORNER)
    ends = (slice(None, width), slice(-width, None))
    corner = min((patch[rows, columns] for rows in ends for columns in ends), key=np.std)
    noise = float(corner.std())
    if noise > QUIET * float(patch.std()):
        return np.ones(patch.shape, dtype=bool)
    smooth = ndimage.gaussian_filter(patch, 1)
    different = np.abs(smooth - corner.mean()) > max(2 * noise, QUIET * float(patch.std()) / 2)
    mask = np.asarray(ndimage.binary_fill_holes(ndimage.binary_opening(different)), dtype=bool)
    return mask if mask.mean() > MIN_TUMOUR else np.ones(patch.shape, dtype=bool)


def textures(patches: Float) -> Texture:
    """Return the textures of patches (n, size, size): differences of Gaussians, each with mean square 1 in the tumour.

    They do not depend on offset and scale of the intensities.
    """
    masks = tumour_masks(patches)
    inner = ndimage.binary_erosion(masks, np.ones((1, 3, 3), dtype=bool), iterations=EDGE, border_value=1)
    factor = patches.shape[1] / REFERENCE_SIZE
    bands = [_band(patches, masks, low * factor, high * factor) for low, high in SCALES]
    values = np.stack([_standardised(band, inner) for band in bands], axis=1)
    return Texture(values, inner.astype(np.float32))


def _band(patches: Float, masks: NDArray[np.bool_], low: float, high: float) -> Float:
    return _smooth(patches, masks, low) - _smooth(patches, masks, high)


def _smooth(patches: Float, masks: NDArray[np.bool_], sigma: float) -> Float:
    """Return the mean of each neighbourhood inside the tumour (normalised convolution, Knutsson and Westin 1993)."""
    inside = masks.astype(np.float32)
    weights = ndimage.gaussian_filter(inside, (0, sigma, sigma))
    sums = ndimage.gaussian_filter(patches * inside, (0, sigma, sigma))
    return np.asarray(sums / np.maximum(weights, 1e-6))


def _standardised(band: Float, inside: NDArray[np.bool_]) -> Float:
    pixels = np.maximum(inside.sum(axis=(1, 2), keepdims=True), 1)
    centred = np.where(inside, band - np.where(inside, band, 0).sum(axis=(1, 2), keepdims=True) / pixels, 0)
    spread = np.sqrt((centred**2).sum(axis=(1, 2), keepdims=True) / pixels)
    return np.asarray(np.clip(centred / np.maximum(spread, 1e-6), -CLIP, CLIP), dtype=np.float32)
