"""How the slices of a study are counted, and how they lie in the pictures by which it is shown."""

from dataclasses import dataclass, field
from math import floor

import numpy as np

from idh_tasks.domain.volume import Geometry, Triple


@dataclass(frozen=True)
class Window:
    """The values of an image that are shown black and white, and their unit."""

    black: float
    white: float
    unit: str


@dataclass(frozen=True)
class SliceGrid:
    """Which slices of the reference space the pictures of a study show.

    Attributes
    ----------
    slices
        Number of slices of the whole grid.
    lowest
        Index of the lowest slice that is shown, from the feet, starting at 0.
    step
        Difference between the indices of neighbouring pictures.
    voxel_mm
        Size of a voxel of the grid (x, y, z).
    """

    slices: int
    lowest: int
    step: int
    voxel_mm: Triple


@dataclass(frozen=True)
class SliceLayout:
    """Where the slices are in a picture: one below the other, the lowest of the head first.

    Attributes
    ----------
    slices, rows, columns
        Number of slices, and of pixels of each.
    pixel_mm
        Distance between columns and between rows.
    first_mm, step_mm
        Position of the lowest slice along the axis from feet to head (z of LPS) in the middle of the grid, and the
        distance along that axis to the next one.
    shown
        Number of the slice that is shown first, that of the patch if there is one.
    grid
        Not known of pictures that were drawn before it was recorded.
    windows
        Of the images whose values have a unit, by the name of the picture.
    """

    slices: int
    rows: int
    columns: int
    pixel_mm: tuple[float, float]
    first_mm: float
    step_mm: float
    shown: int
    grid: SliceGrid | None = None
    windows: dict[str, Window] = field(default_factory=dict)

    def place(self, number: int) -> str:
        """Return how a slice of the pictures is called, by its number from 0; only its position without a grid."""
        z_mm = self.first_mm + number * self.step_mm
        if self.grid is None:
            return _position(z_mm)
        return slice_place(self.grid.lowest + number * self.grid.step, self.grid.slices, z_mm)

    def z_mm(self, index: int) -> float | None:
        """Return where a slice of the grid is, by its index; None if the grid is not known."""
        if self.grid is None:
            return None
        return self.first_mm + (index - self.grid.lowest) / self.grid.step * self.step_mm


def slice_z_mm(geometry: Geometry, index: int) -> float:
    """Return the position of an axial slice along the axis from feet to head (z of LPS), in the middle of the grid."""
    _, rows, columns = geometry.shape
    middle = np.array([(columns - 1) / 2, (rows - 1) / 2, index])
    return float((np.array(geometry.origin_mm) + geometry.axes() @ middle)[2])


def slice_place(index: int, slices: int | None, z_mm: float | None) -> str:
    """Return how a slice is called everywhere: counted from 1 at the feet, with its position.

    Parameters
    ----------
    index
        Of the slice in the grid, from the feet, starting at 0.
    slices, z_mm
        Number of slices of the grid, and position along the axis from feet to head, where they are known.
    """
    total = "" if slices is None else f" of {slices}"
    return f"slice {index + 1}{total}" + ("" if z_mm is None else f", {_position(z_mm)}")


def _position(z_mm: float) -> str:
    """Return a position in whole mm; halves go up, as in the browser."""
    return f"z = {floor(round(z_mm, 3) + 0.5):+d} mm"
