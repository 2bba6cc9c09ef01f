"""The image of a study on which an outline is used: its grid, its frame of reference and its slices."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.imaging.itk import resample
from idh_tasks.imaging.outline.refusals import refused

INSIDE_FLOOR = 0.95
"""Smallest share of an outline that must lie inside an image onto whose grid it is brought."""

MAX_SAMPLE = 200_000
"""Number of voxels of an outline by which its place is judged."""


@dataclass(frozen=True)
class Plane:
    """Where one image lies in the patient (PS3.3 C.7.6.2)."""

    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    rows: int
    columns: int

    @property
    def normal(self) -> NDArray[np.float64]:
        """Return the unit vector across the plane."""
        return np.cross(self.orientation[:3], self.orientation[3:])

    def corners_mm(self) -> NDArray[np.float64]:
        """Return the centres of the corner pixels, shape (4, 3)."""
        row, column = (np.array(axis) for axis in (self.orientation[:3], self.orientation[3:]))
        along, down = row * self.spacing_mm[1] * (self.columns - 1), column * self.spacing_mm[0] * (self.rows - 1)
        return np.array([np.zeros(3), along, down, along + down]) + self.position_mm


@dataclass(frozen=True)
class ReferenceImage:
    """The T2 on which outlines are drawn.

    Attributes
    ----------
    frames_of_reference
        Their UIDs, as far as they are known: one in a sound series.
    instances
        The SOP instance UIDs of the T2; empty if it is no DICOM series.
    planes
        Where each of its slices lies, by UID; instances with several frames are left out.
    """

    grid: Geometry
    frames_of_reference: frozenset[str] = frozenset()
    instances: frozenset[str] = frozenset()
    planes: Mapping[str, Plane] = field(default_factory=dict)

    @classmethod
    def of_series(cls, grid: Geometry, headers: Sequence[Dataset]) -> "ReferenceImage":
        """Return a DICOM series as reference; pixels are not needed."""
        frames = {str(ds.get("FrameOfReferenceUID") or "") for ds in headers} - {""}
        uids = Counter(str(ds.SOPInstanceUID) for ds in headers)
        planes = {str(ds.SOPInstanceUID): plane_of(ds) for ds in headers if "ImagePositionPatient" in ds}
        once = {uid: plane for uid, plane in planes.items() if uids[uid] == 1}
        return cls(grid, frozenset(frames), frozenset(uids), once)

    def check_same_frame(self, uid: str | None, outline: Dataset) -> None:
        """Check that coordinates of an outline are those of this image (PS3.3 C.7.4.1).

        In another frame of reference the patient may lie elsewhere, even if the coordinates look alike. Where one of
        the two does not state its frame, the outline must refer to images of this series.

        Raises
        ------
        StudyQuarantinedError
            ``E_ROI`` if this series has several frames, both are stated and differ, or nothing says that the outline
            was drawn on this series.
        """
        if len(self.frames_of_reference) > 1:
            count = len(self.frames_of_reference)
            raise refused(f"the images of the T2 have {count} frames of reference, so coordinates mean nothing")
        if uid and self.frames_of_reference:
            if uid not in self.frames_of_reference:
                raise refused(
                    "the outline has another frame of reference than the T2; was it drawn in this examination?"
                )
        elif self.instances and not self.instances & set(referenced(outline)):
            raise refused("outline and T2 do not both state a frame of reference, and the outline does not name the T2")


def plane_of(ds: Dataset) -> Plane:
    """Return where an image lies."""
    return Plane(
        numbers(ds.ImagePositionPatient, 3),
        numbers(ds.ImageOrientationPatient, 6),
        numbers(ds.PixelSpacing, 2),
        int(ds.Rows),
        int(ds.Columns),
    )


def numbers(values: Iterable[object], count: int) -> tuple[float, ...]:
    """Return so many finite numbers; ValueError for anything else."""
    read = tuple(float(str(value)) for value in values)
    if len(read) != count or not np.isfinite(read).all():
        raise ValueError
    return read


def referenced(outline: Dataset) -> Iterable[str]:
    """Return the SOP instance UIDs of all images to which an outline refers."""
    return (str(element.value) for element in outline.iterall() if element.keyword == "ReferencedSOPInstanceUID")


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
    """Check that an outline marks something, and that it lies inside the image on which it was drawn.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the share of the outline inside the image, if that is less than 95 %.
    """
    if not mask.voxels.any():
        raise refused("the outline marks nothing")
    share = share_inside(mask, grid)
    if share == 0:
        raise refused("the outline lies outside the T2")
    if share < INSIDE_FLOOR:
        raise refused(f"only {share:.0%} of the outline lies inside the T2")


def on_grid(mask: Volume, grid: Geometry) -> Mask:
    """Bring an outline onto the grid of an image, by the nearest voxel.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if nothing of it is left.
    """
    moved = resample(mask, grid, sitk.Transform(3, sitk.sitkIdentity), nearest=True).voxels > 0
    if not moved.any():
        raise refused("the outline is too small for the voxels of the T2")
    return moved
