"""Checks the geometry of a stack of slices: one orientation, even spacing, no missing slice."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

POSITION_TOLERANCE = 0.05
"""Largest deviation of a slice from its expected position, as a fraction of the spacing."""
COSINE_TOLERANCE = 1e-3


def direction(orientations: ArrayLike) -> NDArray[np.float64]:
    """Return the 3×3 direction matrix of all slices; its third column is the slice normal (PS3.3 C.7.6.2.1.1).

    Parameters
    ----------
    orientations
        Image Orientation (Patient) of each slice, shape (n, 6).

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_ORIENT`` if the slices have different orientations.
    """
    stated = np.asarray(orientations, dtype=np.float64)
    if np.abs(stated - stated[0]).max() > COSINE_TOLERANCE:
        raise SeriesRejectedError(Code.E_GEOMETRY_ORIENT, "the slices of the series have different orientations")
    row, column = stated[0][:3], stated[0][3:]
    return np.stack([row, column, np.cross(row, column)], axis=1)


def check_one_grid(grids: Iterable[Hashable]) -> None:
    """Check that all slices have the same matrix and pixel spacing; each item is the grid of one slice.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MATRIX`` with the number of different grids.
    """
    count = len(set(grids))
    if count > 1:
        raise SeriesRejectedError(
            Code.E_GEOMETRY_MATRIX, f"the slices of the series have {count} different matrices or pixel spacings"
        )


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
    return usual
