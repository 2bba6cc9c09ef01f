"""Whether an outline would stand out more if it were turned over or moved: then it is not of this image."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.outline.vicinity import Vicinity

SHELL_MM = (2.0, 10.0)
"""What is compared with the inside, by its distance from the edge."""
FARTHEST_MM = 15.0
"""An outline that lies farther from the lesion has little contrast, and needs no comparison."""
COVERED = 0.85
"""Share of the outline that must lie in tissue at another place."""
Spectrum = NDArray[np.complexfloating]


def gain_elsewhere(near: Vicinity, alike: Float) -> float:
    """Return by how much an outline stands out more at the best other place or orientation than where it is.

    The outline and its reflections along the axes of the image, which exchange left and right, front and back or top
    and bottom, are moved by up to 15 mm in each direction. How far each stands out is the difference between the mean
    likeness (`likeness`) inside and around it; all places are tried at once as correlations.

    Returns
    -------
    float
        0 if the outline lies best where it is; at most 3.
    """
    around = (near.distance_mm > SHELL_MM[0]) & (near.distance_mm <= SHELL_MM[1])
    reach = [int(FARTHEST_MM / size) for size in near.sampling_mm]
    shape = [fft.next_fast_len(size + by, real=True) for size, by in zip(near.outline.shape, reach, strict=True)]
    shown = fft.rfftn(np.where(near.tissue, alike, 0).astype(np.float32), shape)
    tissue = fft.rfftn(near.tissue.astype(np.float32), shape)
    found = [_stands_out(near.outline, around, (shown, tissue), shape, reach, axes) for axes in _reflections()]
    here = float(found[0][tuple(reach)])
    return max(float(one.max()) for one in found) - here


def _reflections() -> Iterator[tuple[int, ...]]:
    """Yield the axes to reflect, first none."""
    for chosen in product((False, True), repeat=3):
        yield tuple(axis for axis, one in enumerate(chosen) if one)


def _stands_out(
    outline: Mask,
    around: Mask,
    spectra: tuple[Spectrum, Spectrum],
    shape: Sequence[int],
    reach: Sequence[int],
    axes: tuple[int, ...],
) -> Float:
    """Return the difference between inside and around for all shifts up to `reach` voxels."""
    inside, covered = _means(np.flip(outline, axes), spectra, shape, reach)
    outside, _ = _means(np.flip(around, axes), spectra, shape, reach)
    return np.where(covered < COVERED * outline.sum(), -np.inf, inside - outside)


def _means(
    region: Mask, spectra: tuple[Spectrum, Spectrum], shape: Sequence[int], reach: Sequence[int]
) -> tuple[Float, Float]:
    """Return the mean of the tissue in a region for all shifts, and the number of its voxels that are tissue."""
    mirrored = np.conj(fft.rfftn(region.astype(np.float32), shape))
    shifts = np.ix_(*(range(-by, by + 1) for by in reach))
    total, count = (fft.irfftn(mirrored * spectrum, shape)[shifts] for spectrum in spectra)
    return np.asarray(total / np.maximum(count, 1), dtype=np.float32), np.asarray(count, dtype=np.float32)
