"""The geometry of a stack of slices: one direction, even spacing, no slice missing."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

POSITION_TOLERANCE = 0.05
"""How far a slice may lie from its place, as a share of the spacing."""
COSINE_TOLERANCE = 1e-3


def direction(orientations: ArrayLike) -> NDArray[np.float64]:
    """Return the 3×3 direction that all slices share; the third column is the slice normal (PS3.3 C.7.6.2.1.1).

    Parameters
    ----------
    orientations
        Image Orientation (Patient) of each slice, (n, 6).

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_ORIENT`` if there are several.
    """
    stated = np.asarray(orientations, dtype=np.float64)
    if np.abs(stated - stated[0]).max() > COSINE_TOLERANCE:
        raise SeriesRejectedError(Code.E_GEOMETRY_ORIENT, "slices of several orientations in one series")
    row, column = stated[0][:3], stated[0][3:]
    return np.stack([row, column, np.cross(row, column)], axis=1)


def check_one_grid(grids: Iterable[Hashable]) -> None:
    """Check that all slices have the same matrix and pixel spacing, each given as one value.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MATRIX`` with how many there are.
    """
    count = len(set(grids))
    if count > 1:
        raise SeriesRejectedError(Code.E_GEOMETRY_MATRIX, f"{count} matrices or pixel spacings in one series")


def spacing_mm(offsets_mm: Sequence[float]) -> float:
    """Return the distance between neighbouring slices, whose places along the normal are given in order.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_GAP`` with the places, if a slice is missing or there is but one.
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
    return usual
