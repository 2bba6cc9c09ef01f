"""Orientation, voxel size and coverage of a series, by which one of several series is preferred."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.dicom.classic import frames
from idh_tasks.domain.stack import direction
from idh_tasks.domain.study import SliceGeometry
from idh_tasks.errors import SeriesRejectedError

AXIAL_COSINE = 0.8


def slice_geometry(instances: Sequence[Dataset]) -> SliceGeometry:
    """Return orientation, voxel volume in mm³ and coverage in mm, or the least preferred values if they are unknown."""
    try:
        slices = frames(instances)
        normal = direction([[float(c) for c in slices[0].ImageOrientationPatient]])[:, 2]
        rows, columns = (float(c) for c in slices[0].PixelSpacing)
        thickness = float(slices[0].SliceThickness)
        extents = (*_in_plane_mm(slices[0], rows, columns), _stack_mm(slices, normal, thickness))
    except (AttributeError, TypeError, ValueError, SeriesRejectedError):
        return SliceGeometry()
    return SliceGeometry(
        axial=bool(abs(normal[2]) > AXIAL_COSINE),
        voxel_mm3=round(rows * columns * thickness, 4),
        coverage_mm=round(min(extents), 1),
    )


def _in_plane_mm(ds: Dataset, rows_mm: float, columns_mm: float) -> tuple[float, float]:
    return int(ds.Rows) * rows_mm, int(ds.Columns) * columns_mm


def _stack_mm(slices: Sequence[Dataset], normal: NDArray[np.float64], thickness: float) -> float:
    """Return the extent along the slice normal, the thickness of the outer slices included."""
    offsets = np.array([[float(c) for c in ds.ImagePositionPatient] for ds in slices]) @ normal
    return float(np.ptp(offsets)) + thickness
