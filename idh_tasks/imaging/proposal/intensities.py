"""Intensities in standard deviations of healthy tissue, without the slow variation over the head."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask

OUTSIDE = -9.0
SMOOTH = 0.6
"""Width of the Gaussian against noise, in voxels."""
FLUID = 0.55
"""Fluid is brighter on T2 than on FLAIR by at least this logarithm of their ratio; healthy tissue is at 0."""
TRIM = 1.5
"""Voxels farther than this many standard deviations from the smooth field do not take part in its fit."""
FITTED = 20_000
TINY = 1e-6


@dataclass(frozen=True)
class Intensities:
    """Z-scores of healthy tissue on the working grid, `OUTSIDE` the brain; voxels of brain, tissue and fluid."""

    flair: Float
    t2: Float
    t1c: Float | None
    brain: Mask
    fluid: Mask


def measure(t2: Float, flair: Float, t1c: Float | None, brain: Mask) -> Intensities:
    """Tell tissue from fluid, even out each image, and scale it by its healthy tissue."""
    inner = ndimage.binary_erosion(brain)
    t2, flair = (image / max(float(np.median(image[brain])), TINY) for image in (t2, flair))
    tissue = inner & ~ndimage.binary_dilation(_fluid(t2, flair, brain))
    t2, flair = (_even(image, brain, tissue) for image in (t2, flair))
    scores = [_scores(image, brain, tissue) for image in (flair, t2)]
    enhanced = None if t1c is None else _scores(_even(t1c, brain, tissue), brain, tissue)
    return Intensities(scores[0], scores[1], enhanced, brain, _fluid(t2, flair, brain))


def smooth(image: Float, mask: Mask, sigma: float) -> Float:
    """Smooth inside a mask, without the values outside it; zero outside."""
    weight = np.maximum(ndimage.gaussian_filter(mask.astype(np.float32), sigma), 1e-3)
    return np.asarray(np.where(mask, ndimage.gaussian_filter(np.where(mask, image, 0), sigma) / weight, 0))


def _fluid(t2: Float, flair: Float, brain: Mask) -> Mask:
    ratio = np.log(np.maximum(t2, 1e-3)) - np.log(np.maximum(flair, 1e-3))
    return np.asarray(brain & (ratio > FLUID))


def _even(image: Float, brain: Mask, tissue: Mask) -> Float:
    """Divide by a quadratic field that is fitted to the logarithm of healthy tissue, and by its median."""
    terms = _quadratic(image.shape)
    logarithm = np.log(np.maximum(image, TINY))
    used = tissue
    for _ in range(5):
        every = max(1, int(used.sum()) // FITTED)
        field, *_ = np.linalg.lstsq(terms[used][::every], logarithm[used][::every])
        rest = logarithm - terms @ field
        centre, spread = _centre_and_spread(rest[used])
        used = tissue & (np.abs(rest - centre) < TRIM * spread)
    return np.asarray(np.where(brain, np.exp(rest - centre), 0), dtype=np.float32)


def _quadratic(shape: tuple[int, ...]) -> Float:
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in shape), indexing="ij")
    return np.stack([np.ones_like(x), x, y, z, x * x, y * y, z * z, x * y, x * z, y * z], axis=-1)


def _scores(image: Float, brain: Mask, tissue: Mask) -> Float:
    image = smooth(image, brain, SMOOTH)
    centre, spread = _healthy(image[tissue])
    return np.asarray(np.where(brain, (image - centre) / spread, OUTSIDE), dtype=np.float32)


def _healthy(values: Float) -> tuple[float, float]:
    """Return centre and spread of the mode; a lesion lies outside and is trimmed away."""
    centre, spread = _centre_and_spread(values)
    for _ in range(4):
        kept = values[np.abs(values - centre) < 2.5 * spread]
        centre, spread = _centre_and_spread(kept)
        spread *= 1.05  # The trimmed tails would have added this much.
    return centre, spread


def _centre_and_spread(values: Float) -> tuple[float, float]:
    centre = float(np.median(values))
    return centre, max(1.4826 * float(np.median(np.abs(values - centre))), TINY)
