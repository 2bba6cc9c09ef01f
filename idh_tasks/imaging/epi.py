"""Distortion of echo-planar images along their phase-encoding axis, seen by comparison with T2."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Geometry, Mask, Triple, triple
from idh_tasks.settings import ImagingSettings

Curves = NDArray[np.float64]

WORKING_MM = 2.0
"""Voxel size at which both images are compared."""
BLOCK_MM = 24.0
"""Edge length of the blocks that are compared."""
REACH_MM = 12.0
"""Largest shift that is looked for."""
LEAST_CORRELATION = 0.6
"""Blocks that correlate less at their best shift show nothing by which to measure."""
LEAST_GAIN = 0.02
"""A shift that correlates better than none by less than this is noise."""
LEAST_BRAIN = 0.3
"""Share of a block that must lie in the brain."""
PERCENTILE = 99
"""The shift that 1 % of the blocks exceed: distortion is local, and single blocks may be wrong."""


def phase_axis(instances: Sequence[Dataset]) -> Triple | None:
    """Return the unit vector of the phase-encoding axis in the patient; its sign has no meaning.

    Read from In-plane Phase Encoding Direction (0018,1312) and Image Orientation (Patient) (PS3.3 C.8.3.1.1).

    Returns
    -------
    tuple or None
        ``None`` if the direction is not stated, or not the same for all instances.
    """
    stated = {str(ds.get("InPlanePhaseEncodingDirection") or "")[:3] for ds in instances}
    start = {frozenset({"ROW"}): 0, frozenset({"COL"}): 3}.get(frozenset(stated))
    if start is None:
        return None
    return triple(float(cosine) for cosine in instances[0].ImageOrientationPatient[start : start + 3])


def array_axis(direction: Triple, grid: Geometry) -> int:
    """Return the axis of an array (z, y, x) on a grid that is closest to a direction in the patient."""
    along = np.abs(np.array(grid.direction).reshape(3, 3).T @ direction)
    return 2 - int(along.argmax())


def distortion_flags(mismatch_mm: float, settings: ImagingSettings) -> tuple[Code, ...]:
    """Return ``W_EPI_DISTORTION`` if a mismatch is above the limit; one that is not a number is not."""
    return (Code.W_EPI_DISTORTION,) * (mismatch_mm > settings.distortion_limit_mm)


def epi_mismatch_mm(b0: Float, t2: Float, brain: Mask, axis: int, spacing_mm: Triple) -> float:
    """Return by how much parts of the brain are shifted along one axis between two aligned images of similar contrast.

    At every point of a coarse grid, the block of T2 around it is compared with blocks of the other image that are
    shifted along the axis; the shift is that of the largest correlation coefficient.

    Parameters
    ----------
    b0, t2, brain
        Shape (z, y, x), on one grid: the image without diffusion weighting and T2 after rigid registration.
    axis
        Phase-encoding axis of the arrays.
    spacing_mm
        Voxel size as (x, y, z).

    Returns
    -------
    float
        99th percentile of the shifts in mm, at most 12; not a number if too little of the brain can be compared.
    """
    spacing = np.array(spacing_mm[::-1])
    box = _around(brain, axis, REACH_MM / spacing)
    steps = np.maximum(1, np.round(WORKING_MM / spacing)).astype(int)
    inside = _coarse(brain[box].astype(np.float32), steps) > 0.5
    moving, fixed = _coarse(b0[box], steps), _coarse(t2[box], steps)
    step_mm = float(steps[axis] * spacing[axis])
    blocks = np.maximum(3, np.round(BLOCK_MM / (steps * spacing))).astype(int)
    shifts = np.arange(-round(REACH_MM / step_mm), round(REACH_MM / step_mm) + 1)
    compared = _Blocks(fixed, inside, blocks)
    scores = np.stack([compared.correlation(_shifted(moving, int(shift), axis)) for shift in shifts])
    found = _best_shifts(scores, len(shifts) // 2) * step_mm
    return float(np.percentile(np.abs(found), PERCENTILE)) if found.size else float("nan")


def _around(brain: Mask, axis: int, reach: Curves) -> tuple[slice, ...]:
    """Return the bounding box of the brain, extended along the axis by the reach in voxels."""
    box = []
    for dimension, n in enumerate(brain.shape):
        others = tuple(d for d in range(3) if d != dimension)
        used = np.nonzero(brain.any(axis=others))[0]
        extra = int(np.ceil(reach[dimension])) if dimension == axis else 0
        box.append(slice(max(0, int(used.min(initial=n)) - extra), int(used.max(initial=0)) + 1 + extra))
    return tuple(box)


def _coarse(image: Float, steps: NDArray[np.int_]) -> Float:
    """Average over larger voxels."""
    return np.asarray(ndimage.uniform_filter(image, steps.tolist())[tuple(slice(None, None, s) for s in steps)])


def _shifted(image: Float, shift: int, axis: int) -> Float:
    """Return the image with index i showing i + shift; the outermost values are repeated."""
    index = np.clip(np.arange(image.shape[axis]) + shift, 0, image.shape[axis] - 1)
    return np.take(image, index, axis=axis)


class _Blocks:
    """Blocks of a fixed image, of which only the part inside a mask counts."""

    def __init__(self, fixed: Float, inside: Mask, size: NDArray[np.int_]) -> None:
        self._weights, self._size = inside.astype(np.float64), size.tolist()
        self._every = tuple(slice(s // 2, None, max(1, s // 4)) for s in self._size)
        self._share = self._sum(self._weights)
        self._fixed = (fixed - fixed[inside].mean()) / (fixed[inside].std() or 1.0) if inside.any() else fixed * 0.0
        self._mean, self._variance = self._moments(self._fixed)
        self._enough = self._share > LEAST_BRAIN

    def correlation(self, moving: Float) -> Curves:
        """Return the correlation coefficient of each block that lies in the brain."""
        scaled = moving / (float(np.abs(moving).max()) or 1.0)
        mean, variance = self._moments(scaled)
        product = self._sum(self._weights * self._fixed * scaled) / np.maximum(self._share, 1e-6)
        covariance = product - mean * self._mean
        bound = np.sqrt(np.maximum(variance * self._variance, 1e-12))
        return np.asarray((covariance / bound)[self._enough])

    def _moments(self, image: Float) -> tuple[Curves, Curves]:
        share = np.maximum(self._share, 1e-6)
        mean = self._sum(self._weights * image) / share
        return mean, self._sum(self._weights * image**2) / share - mean**2

    def _sum(self, image: Curves) -> Curves:
        return np.asarray(ndimage.uniform_filter(image, self._size, mode="constant")[self._every])


def _best_shifts(scores: Curves, none: int) -> Curves:
    """Return the shift with the largest score of each block, between steps by a parabola; 0 if it gains too little.

    Blocks whose score is largest at the end of the search range are left out: they have no maximum there.

    Parameters
    ----------
    scores
        Shape (shifts, blocks).
    none
        Index of no shift.
    """
    best = scores.argmax(axis=0)
    within = (best > 0) & (best < len(scores) - 1) & (scores.max(axis=0, initial=0) >= LEAST_CORRELATION)
    best, scores = best[within], scores[:, within]
    at = np.arange(scores.shape[1])
    below, peak, above = scores[best - 1, at], scores[best, at], scores[best + 1, at]
    curvature = np.minimum(below - 2 * peak + above, -1e-9)
    shifts = best - none + np.clip((below - above) / (2 * curvature), -1, 1)
    return np.asarray(shifts * (peak - scores[none] >= LEAST_GAIN))
