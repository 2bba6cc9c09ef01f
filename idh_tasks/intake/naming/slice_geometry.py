"""Orientation, voxel size and coverage of a series, by which one of several series is preferred."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.dicom.classic import frames
from idh_tasks.domain.stack import direction
from idh_tasks.domain.study import WHOLE_HEAD_MM, SliceGeometry
from idh_tasks.errors import SeriesRejectedError

AXIAL_COSINE = 0.8
HEAD_WITH_MARGIN_MM = 300.0
UNREADABLE = (AttributeError, TypeError, ValueError, SeriesRejectedError)


def slice_geometry(instances: Sequence[Dataset]) -> SliceGeometry:
    """Return orientation, voxel volume in mm³ and coverage in mm, or the least preferred values if they are unknown."""
    try:
        slices = frames(instances)
        normal = direction([[float(c) for c in slices[0].ImageOrientationPatient]])[:, 2]
        voxel = float(np.prod([*slices[0].PixelSpacing, slices[0].SliceThickness], dtype=np.float64))
        extents = _extents_mm(slices, normal)
    except UNREADABLE:
        return SliceGeometry()
    return SliceGeometry(
        axial=bool(abs(normal[2]) > AXIAL_COSINE),
        voxel_mm3=round(voxel, 4),
        coverage_mm=round(min(extents), 1),
    )


def is_as_large_as_a_head(instances: Sequence[Dataset]) -> bool:
    """Return whether a series is known to cover a whole head, and not more than a head in any direction."""
    try:
        slices = frames(instances)
        normal = direction([[float(c) for c in slices[0].ImageOrientationPatient]])[:, 2]
        extents = _extents_mm(slices, normal)
    except UNREADABLE:
        return False
    return min(extents) >= WHOLE_HEAD_MM and max(extents) <= HEAD_WITH_MARGIN_MM


def _extents_mm(slices: Sequence[Dataset], normal: NDArray[np.float64]) -> tuple[float, float, float]:
    rows, columns = (float(c) for c in slices[0].PixelSpacing)
    thickness = float(slices[0].SliceThickness)
    return (*_in_plane_mm(slices[0], rows, columns), _stack_mm(slices, normal, thickness))


def _in_plane_mm(ds: Dataset, rows_mm: float, columns_mm: float) -> tuple[float, float]:
    return int(ds.Rows) * rows_mm, int(ds.Columns) * columns_mm


def _stack_mm(slices: Sequence[Dataset], normal: NDArray[np.float64], thickness: float) -> float:
    """Return the extent along the slice normal, the thickness of the outer slices included."""
    offsets = np.array([[float(c) for c in ds.ImagePositionPatient] for ds in slices]) @ normal
    return float(np.ptp(offsets)) + thickness
