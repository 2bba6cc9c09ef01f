"""The geometry of a stack of slices: one grid, one orientation, even spacing, no shear, no missing slice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

Vector = NDArray[np.float64]

POSITION_TOLERANCE = 0.05
"""Largest deviation of a slice from its expected position, as a fraction of the spacing."""
COSINE_TOLERANCE = 1e-3
"""Largest difference between the direction cosines of two slices of a stack."""
UNIT_TOLERANCE = 2e-3
"""Largest deviation of rows and columns from unit length, and of the cosine between them from zero."""
GRID_TOLERANCE = 1e-3
"""Largest relative difference between the pixel spacings of two slices of a stack."""
JITTER_MM = 0.1
"""Positions closer than this are one slice: slices of a head are farther apart, rounding and jitter are smaller."""
SHEAR_PIXELS = 0.25
"""Largest displacement of a slice in its plane, in pixels: more would distort the volume."""
MIN_SLICES = 4
"""Fewer slices cannot be registered, so that no patch can be cut: a recursive Gaussian needs four samples per axis."""


@dataclass(frozen=True)
class Stack:
    """Slices in the order of their position along the slice normal.

    Attributes
    ----------
    axes
        3×3 direction matrix; its third column is the slice normal.
    origin_mm
        Position of the first slice.
    spacing_mm
        Distance between neighbouring slices; 0 if there is only one position.
    slices
        Indices of the images at each position, in ascending order along the normal.
    """

    axes: Vector
    origin_mm: Vector
    spacing_mm: float
    slices: tuple[tuple[int, ...], ...]


def stack_slices(orientations: ArrayLike, positions_mm: ArrayLike, pixel_mm: float) -> Stack:
    """Arrange images by their position; several images may have the same one.

    Parameters
    ----------
    orientations, positions_mm
        Image Orientation and Image Position (Patient) of each image, shapes (n, 6) and (n, 3).
    pixel_mm
        The smaller of the pixel spacings, to which shear is compared.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_SHEAR``, ``E_GEOMETRY_GAP`` if spacing is uneven, or ``E_GEOMETRY_SLICES``
        if there are several positions, but too few for a volume.
    """
    axes = direction(orientations)
    positions = np.asarray(positions_mm, dtype=np.float64)
    slices = _clusters(positions @ axes[:, 2])
    offsets = [float(np.median(positions[list(at)] @ axes[:, 2])) for at in slices]
    _check_spread(positions @ axes[:, 2], slices, offsets)
    if len(offsets) > 1:
        check_count(len(offsets))
    spacing = 0.0 if len(offsets) == 1 else spacing_mm(offsets)
    _check_shear(positions, axes, pixel_mm)
    return Stack(axes, np.median(positions[list(slices[0])], axis=0), spacing, slices)


def direction(orientations: ArrayLike) -> Vector:
    """Return the 3×3 direction matrix of all slices; its third column is the slice normal (PS3.3 C.7.6.2.1.1).

    Parameters
    ----------
    orientations
        Image Orientation (Patient) of each slice, shape (n, 6).

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_ORIENT`` if the slices have different orientations, or if rows and columns are not unit vectors
        at a right angle.
    """
    stated = np.asarray(orientations, dtype=np.float64)
    if not (np.isfinite(stated).all() and np.ptp(stated, axis=0).max() <= COSINE_TOLERANCE):
        raise SeriesRejectedError(Code.E_GEOMETRY_ORIENT, "the slices of the series have different orientations")
    # The median does not depend on the order of the slices.
    row, column = np.median(stated, axis=0).reshape(2, 3)
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if np.abs(np.array([*lengths, 1 + row @ column]) - 1).max() > UNIT_TOLERANCE:
        reason = f"rows and columns of length {lengths[0]:.2f} and {lengths[1]:.2f}, cosine {row @ column:.2f}"
        raise SeriesRejectedError(Code.E_GEOMETRY_ORIENT, f"{reason}, are not unit vectors at a right angle")
    return np.stack([row, column, np.cross(row, column)], axis=1)


def check_one_grid(grids: Sequence[tuple[float, ...]]) -> None:
    """Check that all slices have the same grid: rows, columns, row spacing and column spacing in mm of each.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MATRIX`` with the number of different grids.
    """
    distinct = np.array(sorted(set(grids)), dtype=np.float64)
    if not np.allclose(distinct, distinct[0], rtol=GRID_TOLERANCE, atol=0) or np.ptp(distinct[:, :2], axis=0).any():
        raise SeriesRejectedError(
            Code.E_GEOMETRY_MATRIX,
            f"the slices of the series have {len(distinct)} different matrices or pixel spacings",
        )


def check_count(slices: int) -> None:
    """Check that there are enough slices for a volume.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_SLICES`` with their number.
    """
    if slices < MIN_SLICES:
        found = "1 slice is" if slices == 1 else f"{slices} slices are"
        raise SeriesRejectedError(Code.E_GEOMETRY_SLICES, f"{found} no volume, at least {MIN_SLICES} are needed")


def spacing_mm(offsets_mm: Sequence[float]) -> float:
    """Return the distance between neighbouring slices, given their sorted positions along the slice normal.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_GAP`` if a slice is missing, with the positions around the gap, or if there is only one slice.
    """
    if len(offsets_mm) < 2:
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, "a volume needs at least two slices")
    steps = np.diff(offsets_mm)
    usual = float(np.median(steps))
    if np.abs(steps - usual).max() > POSITION_TOLERANCE * usual:
        at = int(np.argmax(np.abs(steps - usual)))
        raise SeriesRejectedError(
            Code.E_GEOMETRY_GAP,
            f"{steps[at]:.2f} mm between the slices at {offsets_mm[at]:.1f} and {offsets_mm[at + 1]:.1f} mm, "
            f"{usual:.2f} expected",
        )
    # The mean does not accumulate the rounding of positions in the header.
    return float(offsets_mm[-1] - offsets_mm[0]) / len(steps)


def _clusters(offsets: Vector) -> tuple[tuple[int, ...], ...]:
    """Group images by their offset along the normal; gaps below a tenth of the usual spacing are jitter."""
    order = np.argsort(offsets, kind="stable")
    steps = np.diff(offsets[order])
    apart = steps[steps > JITTER_MM]
    tolerance = max(JITTER_MM, 0.1 * float(np.median(apart))) if apart.size else JITTER_MM
    groups = np.split(order, np.nonzero(steps > tolerance)[0] + 1)
    return tuple(tuple(int(index) for index in group) for group in groups)


def _check_spread(offsets: Vector, slices: Sequence[tuple[int, ...]], centres: Sequence[float]) -> None:
    """Check that the images of one position do not differ by more than a fraction of the spacing."""
    spread = max(float(np.ptp(offsets[list(at)])) for at in slices)
    usual = float(np.median(np.diff(centres))) if len(centres) > 1 else JITTER_MM / POSITION_TOLERANCE
    if spread > max(POSITION_TOLERANCE * usual, 2 * JITTER_MM):
        raise SeriesRejectedError(
            Code.E_GEOMETRY_GAP, f"images of one slice position are up to {spread:.2f} mm apart, spacing {usual:.2f} mm"
        )


def _check_shear(positions: Vector, axes: Vector, pixel_mm: float) -> None:
    """Check that the origins of the slices lie on a line along the normal."""
    in_plane = positions @ axes[:, :2]
    displaced = float(np.linalg.norm(in_plane - np.median(in_plane, axis=0), axis=1).max())
    if displaced > SHEAR_PIXELS * pixel_mm:
        drift = np.linalg.norm(np.ptp(in_plane, axis=0))
        tilt = float(np.degrees(np.arctan2(drift, np.ptp(positions @ axes[:, 2]))))
        raise SeriesRejectedError(
            Code.E_GEOMETRY_SHEAR,
            f"slices are displaced in their plane by {drift:.2f} mm in all, a tilt of {tilt:.1f}° against the normal",
        )
