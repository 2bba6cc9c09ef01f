"""A scalar volume in patient coordinates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]
Triple = tuple[float, float, float]


def triple(values: Iterable[float]) -> Triple:
    """Return three numbers as a tuple of floats."""
    x, y, z = values
    return float(x), float(y), float(z)


@dataclass(frozen=True)
class Geometry:
    """Position and orientation of a voxel grid in the patient (DICOM PS3.3 C.7.6.2.1.1, LPS, mm).

    Attributes
    ----------
    shape
        Number of voxels as (z, y, x).
    spacing_mm, origin_mm
        As (x, y, z).
    direction
        Row-major 3×3 matrix whose columns are the unit vectors of the x, y and z axes of the grid.
    """

    shape: tuple[int, int, int]
    spacing_mm: Triple
    origin_mm: Triple
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    def axes(self) -> NDArray[np.float64]:
        """Return the 3×3 matrix from voxel steps (x, y, z) to mm."""
        return np.array(self.direction).reshape(3, 3) * np.array(self.spacing_mm)

    def centre(self) -> NDArray[np.float64]:
        """Return the position of the grid's centre in mm."""
        half = (np.array(self.shape[::-1]) - 1) / 2
        return np.array(self.origin_mm) + self.axes() @ half


@dataclass(frozen=True)
class Volume:
    """Voxels of shape (z, y, x) on a geometry."""

    voxels: Float
    geometry: Geometry


@dataclass(frozen=True)
class Series4D:
    """The volumes of one series over b-value or time; `steps` are b-values in s/mm² or times in s.

    `figures` are what was measured while it was assembled, by name.
    """

    voxels: Float
    geometry: Geometry
    steps: tuple[float, ...]
    echo_time_ms: float
    figures: Mapping[str, float] = field(default_factory=dict)
