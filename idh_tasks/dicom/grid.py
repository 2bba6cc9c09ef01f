"""The grid of a series of instances, and which instances lie at each slice position."""

from collections.abc import Iterable, Sequence

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.domain.stack import MIN_SLICES, Stack, check_one_grid, stack_slices
from idh_tasks.domain.volume import Geometry, triple
from idh_tasks.errors import SeriesRejectedError

Slices = list[list[Dataset]]


def arrange(instances: Sequence[Dataset]) -> tuple[Geometry, Slices]:
    """Return the grid of a volume and, for each slice position, its instances.

    Raises
    ------
    SeriesRejectedError
        With a code of `read_stack`, or ``E_GEOMETRY_GAP`` if there are too few slices.
    """
    stack = read_stack(instances)
    if len(stack.slices) < MIN_SLICES:
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, f"a volume needs {MIN_SLICES} slices, {len(stack.slices)} found")
    first = instances[stack.slices[0][0]]
    spacing = (float(first.PixelSpacing[1]), float(first.PixelSpacing[0]), stack.spacing_mm)
    shape = (len(stack.slices), int(first.Rows), int(first.Columns))
    grid = Geometry(shape, spacing, triple(stack.origin_mm), tuple(map(float, stack.axes.ravel())))
    return grid, [[instances[index] for index in at] for at in stack.slices]


def read_stack(instances: Sequence[Dataset]) -> Stack:
    """Arrange classic instances or frames by their position along the slice normal.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_MISSING`` if a header does not state its geometry, ``E_GEOMETRY_MATRIX``, ``E_GEOMETRY_ORIENT``,
        ``E_GEOMETRY_SHEAR`` or ``E_GEOMETRY_GAP``.
    """
    try:
        grids = [_grid(ds) for ds in instances]
        orientations = [_finite(ds.ImageOrientationPatient, 6) for ds in instances]
        positions = [_finite(ds.ImagePositionPatient, 3) for ds in instances]
    except (AttributeError, TypeError, ValueError):
        raise SeriesRejectedError(Code.E_GEOMETRY_MISSING, "slices without position, orientation or spacing") from None
    check_one_grid(grids)
    return stack_slices(orientations, positions, min(grids[0][2:]))


def _grid(ds: Dataset) -> tuple[float, ...]:
    """Return rows, columns and pixel spacings in mm."""
    down, right = _finite(ds.PixelSpacing, 2)
    if min(down, right, ds.Rows, ds.Columns) <= 0:
        raise ValueError
    return float(ds.Rows), float(ds.Columns), down, right


def _finite(stated: Iterable[float], count: int) -> list[float]:
    """Return as many numbers as an attribute must have."""
    numbers = [float(number) for number in stated]
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError
    return numbers
