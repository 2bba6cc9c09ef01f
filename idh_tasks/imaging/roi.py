"""Reads a delivered tumour outline from a DICOM SEG or a NIfTI mask, and checks that it is plausible."""

import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.itk import from_image, to_image
from idh_tasks.settings import ImagingSettings


def read_nifti(content: bytes) -> Volume:
    """Read a mask from the bytes of a NIfTI file.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it cannot be read or is empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roi.nii.gz"
        path.write_bytes(content)
        try:
            image = sitk.ReadImage(str(path), sitk.sitkFloat32)
        except RuntimeError:
            raise StudyQuarantinedError(Code.E_ROI, "the delivered mask is not a NIfTI file") from None
    volume = from_image(image)
    return _not_empty(Volume((volume.voxels > 0).astype(np.float32), volume.geometry))


def rewrite_nifti(content: bytes) -> bytes:
    """Return the mask as a new NIfTI file with its voxels and grid, without free text from the delivered header."""
    image = sitk.Cast(to_image(read_nifti(content)), sitk.sitkUInt8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "roi.nii.gz"
        sitk.WriteImage(image, str(path), useCompression=True)
        return path.read_bytes()


def read_segmentation(seg: Dataset, grid: Geometry) -> Volume:
    """Place the frames of a DICOM SEG on the grid of the series on which it was drawn (PS3.3 C.8.20).

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if a frame is not on the grid or the mask is empty.
    """
    mask: Mask = np.zeros(grid.shape, dtype=bool)
    normal = np.array(grid.direction).reshape(3, 3)[:, 2]
    frames = np.atleast_3d(seg.pixel_array) if seg.get("NumberOfFrames", 1) > 1 else seg.pixel_array[None]
    if frames.shape[1:] != grid.shape[1:]:
        raise StudyQuarantinedError(Code.E_ROI, "the segmentation was drawn on an image with another matrix")
    for frame, groups in zip(frames, seg.PerFrameFunctionalGroupsSequence, strict=True):
        position = [float(c) for c in groups.PlanePositionSequence[0].ImagePositionPatient]
        offset = float(np.dot(np.array(position) - np.array(grid.origin_mm), normal)) / grid.spacing_mm[2]
        index = round(offset)
        if abs(offset - index) > 0.1 or not 0 <= index < grid.shape[0]:
            raise StudyQuarantinedError(
                Code.E_ROI, "a frame of the segmentation lies between slices or outside the image"
            )
        mask[index] |= frame.astype(bool)
    return _not_empty(Volume(mask.astype(np.float32), grid))


def check_plausible(tumour: Mask, head: Mask, grid: Geometry, settings: ImagingSettings) -> None:
    """Check that an outline has the size of a tumour and lies in the head, since a brain mask may miss the tumour.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the implausible figure.
    """
    volume_ml = float(tumour.sum()) * float(np.prod(grid.spacing_mm)) / 1000
    low, high = settings.tumour_ml
    if not low <= volume_ml <= high:
        raise StudyQuarantinedError(
            Code.E_ROI, f"the volume of the outline is {volume_ml:.1f} ml; {low:g} to {high:g} ml are plausible"
        )
    inside = float((tumour & head).sum()) / float(tumour.sum())
    if inside < settings.tumour_in_head_floor:
        raise StudyQuarantinedError(
            Code.E_ROI, f"only {inside:.0%} of the outline is inside the head; was it drawn on this T2?"
        )


def _not_empty(mask: Volume) -> Volume:
    if not mask.voxels.any():
        raise StudyQuarantinedError(Code.E_ROI, "the delivered mask is empty")
    return mask
