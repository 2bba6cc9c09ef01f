"""The image of a study on which an outline is used: its grid and its frame of reference."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.outline.refusals import refused

INSIDE_FLOOR = 0.95
"""Smallest share of an outline that must lie inside an image onto whose grid it is brought."""

MAX_SAMPLE = 200_000
"""Number of voxels of an outline by which its place is judged."""


@dataclass(frozen=True)
class ReferenceImage:
    """The grid of the T2, and the UID of its frame of reference if it is known."""

    grid: Geometry
    frame_of_reference: str | None = None

    def check_same_frame(self, uid: str | None) -> None:
        """Check that coordinates of an outline are those of this image (PS3.3 C.7.4.1).

        In another frame of reference the patient may lie elsewhere, even if the coordinates look alike. Where one of
        the two does not state its frame, nothing can be compared.

        Raises
        ------
        StudyQuarantinedError
            ``E_ROI`` if both are stated and differ.
        """
        if uid and self.frame_of_reference and uid != self.frame_of_reference:
            raise refused("the outline has another frame of reference than the T2; was it drawn in this examination?")


def share_inside(mask: Volume, grid: Geometry) -> float:
    """Return the share of the marked voxels whose centres lie inside a grid."""
    marked = np.flatnonzero(mask.voxels)
    sample = marked[:: len(marked) // MAX_SAMPLE + 1]
    voxels = np.stack(np.unravel_index(sample, mask.voxels.shape)[::-1], axis=1)
    positions_mm = voxels @ mask.geometry.axes().T + mask.geometry.origin_mm
    indices = (positions_mm - grid.origin_mm) @ np.linalg.inv(grid.axes()).T
    inside = (indices > -0.5) & (indices < np.array(grid.shape[::-1]) - 0.5)
    return float(inside.all(axis=1).mean())


def check_overlaps(mask: Volume, grid: Geometry) -> None:
    """Check that an outline marks something, and that some of it lies inside the image.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` otherwise.
    """
    if not mask.voxels.any():
        raise refused("the delivered outline marks nothing")
    if share_inside(mask, grid) == 0:
        raise refused("the outline lies outside the T2")


def on_grid(mask: Volume, grid: Geometry) -> Mask:
    """Bring an outline onto the grid of an image, by the nearest voxel.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the share of the outline inside the image, if that is less than 95 %.
    """
    share = share_inside(mask, grid)
    if share < INSIDE_FLOOR:
        raise refused(f"only {share:.0%} of the outline lies inside the T2")
    moved = resample(mask, grid, sitk.Transform(3, sitk.sitkIdentity), nearest=True).voxels > 0
    if not moved.any():
        raise refused("the outline is too small for the voxels of the T2")
    return moved
