"""Draws the slices of a study as pictures through which a reader can scroll; what is outside the brain is blank."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from idh_tasks.domain.slices import SliceGrid, SliceLayout, slice_z_mm
from idh_tasks.domain.volume import Float, Geometry, Mask

Grey = NDArray[np.uint8]

STEP_MM, PIXEL_MM = 3.0, 1.0
"""Distance between slices and between pixels, as near as the grid allows without interpolation."""
MARGIN_MM = 5.0
"""How far around the brain an image is shown: less than what would show a face."""
PNG_LEVEL = 1
"""Compression that costs a few milliseconds per picture."""
DARKEST, BRIGHTEST = 0.5, 99.5
"""Percentiles of the brain that become black and white."""


@dataclass(frozen=True)
class SlicePlan:
    """Which voxels of the reference space the pictures of a study show.

    Attributes
    ----------
    steps
        Selected slices, rows and columns.
    inside
        Where the selected voxels are shown [slices, rows, columns].
    brain
        The brain mask in the selected voxels.
    layout
        The same for the page.
    """

    steps: tuple[slice, slice, slice]
    inside: Mask
    brain: Mask
    layout: SliceLayout

    def window(self, voxels: Float) -> tuple[float, float]:
        """Return the values of an image of the reference space that its picture shows black and white."""
        return _window(voxels[self.steps], self.brain)

    def picture(self, voxels: Float) -> bytes:
        """Draw an image of the reference space [z, y, x] in grey values of 8 bits; PNG."""
        return _png(_grey(voxels[self.steps], self.brain, self.inside))

    def outline(self, tumour: Mask, colour: str) -> bytes:
        """Draw the border of a mask of the reference space on a transparent ground; PNG."""
        chosen = tumour[self.steps]
        border = chosen & ~ndimage.binary_erosion(chosen, np.ones((1, 3, 3), dtype=bool))
        return _png(border.astype(np.uint8), colour)


@dataclass(frozen=True)
class _Grid:
    geometry: Geometry
    brain: Mask
    tumour: Mask
    through: int

    @cached_property
    def strides(self) -> tuple[int, int, int]:
        x, y, z = self.geometry.spacing_mm
        wanted = ((STEP_MM, z), (PIXEL_MM, y), (PIXEL_MM, x))
        return tuple(max(1, round(step / spacing)) for step, spacing in wanted)  # type: ignore[return-value]

    @cached_property
    def steps(self) -> tuple[slice, slice, slice]:
        """Return the box around brain and tumour with its margin; the slices include that of the patch."""
        z, y, x = self.strides
        shown = self.brain | self.tumour
        margins = [int(np.ceil(MARGIN_MM / mm)) for mm in self.geometry.spacing_mm[::-1]]
        boxes = []
        for axis, margin in enumerate(margins):
            marked = np.flatnonzero(shown.any(axis=tuple(other for other in range(3) if other != axis)))
            size = shown.shape[axis]
            boxes.append((max(0, int(marked[0]) - margin), min(size, int(marked[-1]) + margin + 1)))
        (bottom, top), (front, back), (right, left) = boxes
        bottom += (self.through - bottom) % z
        return slice(bottom, top, z), slice(front, back, y), slice(right, left, x)

    def near_brain(self) -> Mask:
        """Return the selected voxels in the brain or within the margin, and those of the tumour."""
        sampling = [mm * stride for mm, stride in zip(self.geometry.spacing_mm[::-1], self.strides, strict=True)]
        away = ndimage.distance_transform_edt(~self.brain[self.steps], sampling)
        near: Mask = (away <= MARGIN_MM) | self.tumour[self.steps]
        return near


def plan_slices(geometry: Geometry, brain: Mask, tumour: Mask, through: int) -> SlicePlan:
    """Choose what the pictures of a study show.

    Parameters
    ----------
    geometry
        The reference space, in axial slices (LPS).
    brain, tumour
        Masks in that space; the brain mask may miss a tumour at the surface.
    through
        Number of a slice that must be among those shown first.
    """
    grid = _Grid(geometry, brain, tumour, through)
    inside = grid.near_brain()
    slices, rows, columns = inside.shape
    x_mm, y_mm, _ = geometry.spacing_mm
    strides = grid.strides
    lowest = grid.steps[0].start
    layout = SliceLayout(
        slices=slices,
        rows=rows,
        columns=columns,
        pixel_mm=(x_mm * strides[2], y_mm * strides[1]),
        first_mm=round(slice_z_mm(geometry, lowest), 4),
        step_mm=round(float(geometry.axes()[2, 2]) * strides[0], 4),
        shown=(through - lowest) // strides[0],
        grid=SliceGrid(geometry.shape[0], lowest, strides[0], geometry.spacing_mm),
    )
    return SlicePlan(grid.steps, inside, brain[grid.steps], layout)


def patch_picture(patch: Float) -> bytes:
    """Draw a patch [rows, columns] in grey values; PNG."""
    everywhere = np.ones(patch.shape, dtype=bool)
    return _png(_grey(patch, everywhere, everywhere)[None])


def _grey(voxels: Float, window: Mask, inside: Mask) -> Grey:
    """Scale to grey values, black to white over the window's own range; zero outside."""
    low, high = _window(voxels, window)
    scaled = (np.nan_to_num(voxels) - np.float32(low)) * np.float32(255 / max(high - low, 1e-6))
    grey: Grey = np.where(inside, np.clip(scaled, 0, 255), 0).astype(np.uint8)
    return grey


def _window(voxels: Float, window: Mask) -> tuple[float, float]:
    measured = voxels[window]
    low, high = np.nanpercentile(measured, (DARKEST, BRIGHTEST)) if measured.size else (0.0, 1.0)
    return float(low), float(high)


def _png(slices: Grey, colour: str = "") -> bytes:
    """Stack slices from top to bottom; with a colour, 1 is drawn in it and 0 is transparent."""
    picture = Image.fromarray(np.ascontiguousarray(slices.reshape(-1, slices.shape[-1])))
    buffer = BytesIO()
    if not colour:
        picture.save(buffer, "PNG", compress_level=PNG_LEVEL)
        return buffer.getvalue()
    picture.putpalette(_palette(colour))
    picture.save(buffer, "PNG", compress_level=PNG_LEVEL, bits=1, transparency=0)
    return buffer.getvalue()


def _palette(colour: str) -> Sequence[int]:
    return [0, 0, 0, *bytes.fromhex(colour.removeprefix("#"))]
