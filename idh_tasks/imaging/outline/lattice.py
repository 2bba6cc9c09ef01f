"""Brings a mask onto a grid with the same voxels without resampling, or finds that its voxels are others."""

from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.volume import Geometry, Mask, Volume

SAME_STEP = 0.02
"""Largest difference between the steps of two grids, as a fraction of a voxel."""
SAME_PLACE = 0.1
"""Largest distance between the centres of two voxels that are the same one, as a fraction of a voxel."""


def on_lattice(mask: Volume, grid: Geometry) -> Mask | None:
    """Return a mask on a grid whose voxels are the same ones, or None.

    The axes may be permuted or flipped, and the mask may show a part of the grid only, as a DICOM SEG does that leaves
    out empty frames.

    Parameters
    ----------
    mask
        It marks at least one voxel.
    """
    marked = mask.voxels > 0
    low, high = _bounds(marked)
    inverse = np.linalg.inv(grid.axes())
    steps = inverse @ mask.geometry.axes()
    turned = np.round(steps)
    if np.abs(steps - turned).max() > SAME_STEP or not _is_turn(turned):
        return None
    corners = np.array(list(product(*zip(low, high, strict=True))))
    exact = corners @ steps.T + inverse @ (np.array(mask.geometry.origin_mm) - grid.origin_mm)
    shift = np.round(exact[0] - turned @ corners[0])
    places = corners @ turned.T + shift
    first, last = places.min(axis=0).astype(int), places.max(axis=0).astype(int)
    outside = (first < 0).any() or (last >= np.array(grid.shape[::-1])).any()
    if outside or np.abs(exact - places).max() > SAME_PLACE:
        return None
    placed: Mask = np.zeros(grid.shape, dtype=bool)
    placed[_box(first, last)] = _turn(marked[_box(low, high)], turned)
    return placed


def _bounds(marked: Mask) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the first and the last marked voxel along x, y and z."""
    along = [np.flatnonzero(marked.any(axis=others)) for others in ((0, 1), (0, 2), (1, 2))]
    return np.array([one[0] for one in along]), np.array([one[-1] for one in along])


def _is_turn(matrix: NDArray[np.float64]) -> bool:
    """Return whether a matrix of whole numbers only permutes and flips axes."""
    ones = np.abs(matrix)
    return bool((ones.sum(axis=0) == 1).all() and (ones.sum(axis=1) == 1).all() and ones.max() == 1)


def _box(first: Iterable[int], last: Iterable[int]) -> tuple[slice, ...]:
    """Return the slices of an array [z, y, x] from one voxel (x, y, z) to another."""
    return tuple(slice(low, high + 1) for low, high in zip(first, last, strict=True))[::-1]


def _turn(marked: Mask, turned: NDArray[np.float64]) -> Mask:
    """Return an array [z, y, x] with its axes permuted and flipped as the matrix for (x, y, z) says."""
    matrix = turned[::-1, ::-1]
    sources = np.abs(matrix).argmax(axis=1)
    flipped = tuple(axis for axis in range(3) if matrix[axis, sources[axis]] < 0)
    return np.flip(marked.transpose(sources), flipped)
