"""The grid of a series of instances, and which instances lie at each slice position."""

from collections.abc import Iterable, Sequence

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.domain.stack import Stack, check_count, check_one_grid, stack_slices
from idh_tasks.domain.volume import Geometry, triple
from idh_tasks.errors import SeriesRejectedError

Slices = list[list[Dataset]]


def arrange(instances: Sequence[Dataset]) -> tuple[Geometry, Slices]:
    """Return the grid of a volume and, for each slice position, its instances.

    Raises
    ------
    SeriesRejectedError
        With a code of `read_stack`, or ``E_GEOMETRY_SLICES`` if there is one slice only.
    """
    stack = read_stack(instances)
    check_count(len(stack.slices))
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
        ``E_GEOMETRY_MISSING`` if a header does not state its geometry, ``E_GEOMETRY_FRAME``, ``E_GEOMETRY_MATRIX``,
        ``E_GEOMETRY_ORIENT``, ``E_GEOMETRY_SHEAR``, ``E_GEOMETRY_GAP`` or ``E_GEOMETRY_SLICES``.
    """
    try:
        grids = [_grid(ds) for ds in instances]
        orientations = [_finite(ds.ImageOrientationPatient, 6) for ds in instances]
        positions = [_finite(ds.ImagePositionPatient, 3) for ds in instances]
    except (AttributeError, TypeError, ValueError):
        raise SeriesRejectedError(Code.E_GEOMETRY_MISSING, "slices without position, orientation or spacing") from None
    _check_one_frame(instances)
    check_one_grid(grids)
    return stack_slices(orientations, positions, min(grids[0][2:]))


def _check_one_frame(instances: Sequence[Dataset]) -> None:
    """Check that all positions are in one coordinate system (PS3.3 C.7.4.1); it may be left unstated by all images."""
    frames = {str(ds.get("FrameOfReferenceUID") or "") for ds in instances}
    if len(frames) > 1:
        raise SeriesRejectedError(
            Code.E_GEOMETRY_FRAME, f"the images of the series state {len(frames)} different frames of reference"
        )


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
