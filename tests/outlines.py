"""Builds delivered outlines: segmentations, structure sets and NIfTI masks of any layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from pydicom import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import RTStructureSetStorage, SegmentationStorage

from idh_tasks.dicom.outlines import LabelMapSegmentationStorage
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.imaging.itk import from_image, to_image
from tests.factories import instance

FRAME = "1.2.840.99.1"
T2_GRID = Geometry((8, 20, 24), (1.0, 1.5, 4.0), (-11.0, -14.0, -13.0))
"""A grid with three different spacings and an unequal number of rows and columns."""

NEOPLASM = ("108369006", "SCT", "Neoplasm")
BRAIN = ("12738006", "SCT", "Brain")
OEDEMA = ("79654002", "SCT", "Edema")
TISSUE = ("85756007", "SCT", "Tissue")
GLIOMA = ("9400/3", "99LOCAL", "Diffuse glioma, high grade")
HAEMATOMA = ("35566002", "SCT", "Hematoma")
Code = tuple[str, str, str]


@dataclass(frozen=True)
class Segment:
    """A segment: its mask or its fractions on the grid of the segmentation, its label and its type."""

    voxels: np.ndarray
    label: str = "tumour"
    code: Code | None = NEOPLASM
    category: Code | None = None


def tumour(shape: tuple[int, int, int] = T2_GRID.shape) -> Mask:
    """Return a tumour without any symmetry."""
    mask = np.zeros(shape, dtype=bool)
    mask[2:5, 4:11, 5:15] = True
    mask[4, 11:14, 5:8] = True
    mask[2, 4:6, 15:20] = True
    return mask


def rearranged(mask: Mask, grid: Geometry, order: Sequence[int], flips: Sequence[bool]) -> Volume:
    """Return the same mask in the patient, with the axes of its grid in another order and direction."""
    image = to_image(Volume(mask.astype(np.float32), grid))
    return from_image(sitk.Flip(sitk.PermuteAxes(image, list(order)), list(flips), False))


def segmentation(segments: Sequence[Segment], grid: Geometry, kind: str = "BINARY", **overrides: Any) -> Dataset:
    """Return a DICOM SEG with these segments; frames without a mark are left out."""
    ds = instance(SOPClassUID=SegmentationStorage, Modality="SEG", FrameOfReferenceUID=FRAME, SegmentationType=kind)
    for keyword in ("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(ds, keyword)
    ds.Rows, ds.Columns = grid.shape[1:]
    ds.SegmentSequence = DicomSequence([_segment(n, segment) for n, segment in enumerate(segments, start=1)])
    ds.SharedFunctionalGroupsSequence = [_shared(grid)]
    if kind == "LABELMAP":
        _set_label_map(ds, segments, grid)
    else:
        _set_frames(ds, segments, grid, kind)
    for keyword, value in overrides.items():
        setattr(ds, keyword, value)
    return ds


def _segment(number: int, segment: Segment) -> Dataset:
    item = Dataset()
    item.SegmentNumber, item.SegmentLabel, item.SegmentAlgorithmType = number, segment.label, "MANUAL"
    if segment.code is not None:
        item.SegmentedPropertyTypeCodeSequence = [_code(segment.code)]
    if segment.category is not None:
        item.SegmentedPropertyCategoryCodeSequence = [_code(segment.category)]
    return item


def _code(code: Code) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return item


def _shared(grid: Geometry) -> Dataset:
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [grid.spacing_mm[1], grid.spacing_mm[0]]
    measures.SliceThickness = measures.SpacingBetweenSlices = grid.spacing_mm[2]
    axes = np.array(grid.direction).reshape(3, 3)
    orientation.ImageOrientationPatient = [*axes[:, 0].tolist(), *axes[:, 1].tolist()]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    return shared


def _frame(grid: Geometry, plane: int, segment: int | None) -> Dataset:
    frame, position, identification = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = (grid.axes() @ [0, 0, plane] + grid.origin_mm).tolist()
    frame.PlanePositionSequence = [position]
    if segment is not None:
        identification.ReferencedSegmentNumber = segment
        frame.SegmentIdentificationSequence = [identification]
    return frame


def _set_frames(ds: Dataset, segments: Sequence[Segment], grid: Geometry, kind: str) -> None:
    marked = [
        (number, plane)
        for number, segment in enumerate(segments, start=1)
        for plane in range(grid.shape[0])
        if segment.voxels[plane].any()
    ]
    images = np.stack([segments[number - 1].voxels[plane] for number, plane in marked])
    ds.PerFrameFunctionalGroupsSequence = [_frame(grid, plane, number) for number, plane in marked]
    ds.NumberOfFrames = len(marked)
    if kind == "FRACTIONAL":
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = "PROBABILITY", 200
        _set_pixels(ds, (images * 200).round().astype(np.uint8))
        return
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = 0
    bits = np.packbits(images.astype(bool).ravel(), bitorder="little").tobytes()
    ds.PixelData = bits + b"\0" * (len(bits) % 2)


def _set_label_map(ds: Dataset, segments: Sequence[Segment], grid: Geometry) -> None:
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = LabelMapSegmentationStorage
    labels = np.zeros(grid.shape, dtype=np.uint8)
    for number, segment in enumerate(segments, start=1):
        labels[segment.voxels.astype(bool)] = number
    ds.PerFrameFunctionalGroupsSequence = [_frame(grid, plane, None) for plane in range(grid.shape[0])]
    ds.NumberOfFrames = grid.shape[0]
    _set_pixels(ds, labels)


def _set_pixels(ds: Dataset, images: np.ndarray) -> None:
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelData = 7, images.tobytes() + b"\0" * (images.size % 2)


def square(z: float, low: float, high: float) -> list[list[float]]:
    """Return the corners of a square in index space (x, y, z)."""
    return [[low, low, z], [high, low, z], [high, high, z], [low, high, z]]


def structures(
    rois: Mapping[str, Sequence[Sequence[Sequence[float]]]],
    grid: Geometry,
    *,
    kinds: Sequence[str] = (),
    interpreted: Mapping[str, str] | None = None,
) -> Dataset:
    """Return an RTSTRUCT with these contours, given in voxels of the grid.

    Parameters
    ----------
    kinds
        The geometric type of each contour of the first structure; CLOSED_PLANAR where none is given.
    interpreted
        RT ROI Interpreted Type by name.
    """
    ds = instance(SOPClassUID=RTStructureSetStorage, Modality="RTSTRUCT")
    for keyword in ("PixelData", "Rows", "Columns", "PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"):
        delattr(ds, keyword)
    named, contours, observations = [], [], []
    for number, (name, corners) in enumerate(rois.items(), start=1):
        given = kinds if number == 1 else ()
        named.append(_roi(number, name))
        contours.append(_contour_set(number, corners, [*given, *["CLOSED_PLANAR"] * len(corners)], grid))
        observations.append(_observation(number, (interpreted or {}).get(name, "")))
    ds.StructureSetROISequence, ds.ROIContourSequence = DicomSequence(named), DicomSequence(contours)
    ds.RTROIObservationsSequence = DicomSequence(observations)
    return ds


def _roi(number: int, name: str) -> Dataset:
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, FRAME
    return roi


def _observation(number: int, interpreted: str) -> Dataset:
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = number
    observation.RTROIInterpretedType = interpreted
    return observation


def _contour_set(
    number: int, contours: Sequence[Sequence[Sequence[float]]], kinds: list[str], grid: Geometry
) -> Dataset:
    roi = Dataset()
    roi.ReferencedROINumber, roi.ContourSequence = number, DicomSequence()
    for corners, kind in zip(contours, kinds, strict=False):
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(corners)
        positions_mm = np.array(corners).reshape(-1, 3) @ grid.axes().T + grid.origin_mm
        contour.ContourData = positions_mm.round(4).ravel().tolist() or None
        roi.ContourSequence.append(contour)
    return roi


def nifti(values: np.ndarray, grid: Geometry, **header: Any) -> bytes:
    """Return values of shape (z, y, x) as a NIfTI file.

    Parameters
    ----------
    header
        ``affine`` (to RAS), ``codes`` (sform, qform) and ``endianness`` to be used instead of the usual ones.
    """
    lps = np.eye(4)
    lps[:3, :3], lps[:3, 3] = grid.axes(), grid.origin_mm
    affine = header.get("affine", np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps)
    image = nib.Nifti1Image(
        values.T, affine, nib.Nifti1Header(endianness=header.get("endianness", "<")), dtype=values.dtype
    )
    sform, qform = header.get("codes", (1, 1))
    image.set_sform(affine, sform)
    image.set_qform(header.get("qform", affine), qform, strip_shears=True)
    content: bytes = image.to_bytes()
    return content
