"""Reads the tumour from a DICOM SEG on its own grid: binary, fractional or a label map (PS3.3 C.8.20)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.dicom.outlines import segment_roles
from idh_tasks.dicom.structure_role import StructureRole
from idh_tasks.domain.stack import direction
from idh_tasks.domain.volume import Geometry, Mask, Volume, triple
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.outline.choice import choose_tumour
from idh_tasks.imaging.outline.planes import distinct, even_spacing, stated
from idh_tasks.imaging.outline.reference import ReferenceImage, check_overlaps
from idh_tasks.imaging.outline.refusals import refused

SHEAR = 0.1
"""Largest shift of a frame within its plane, as a fraction of a pixel."""
PARALLEL = 1e-3


@dataclass(frozen=True)
class _Frame:
    """Where one frame lies, and which segment it shows; a frame of a label map shows all of them."""

    segment: int | None
    position_mm: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing_mm: tuple[float, ...]
    stated_mm: tuple[float, ...]


def read_segmentation(seg: Dataset, t2: ReferenceImage) -> Volume:
    """Return the tumour on the grid of the segmentation, which may differ from that of the T2.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it is uncertain which segments are the tumour, the frame of reference is another one, the frames
        form no even stack, or the tumour lies outside the T2.
    """
    t2.check_same_frame(seg.get("FrameOfReferenceUID"))
    try:
        frames = [_frame(*groups) for groups in _groups(seg)]
        chosen = choose_tumour(_drawn_roles(seg, frames), "segments")
        grid, planes = _grid(seg, frames, t2.grid)
        mask = _mask(seg, frames, chosen, grid.shape, planes)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        raise refused(f"the segmentation cannot be read ({type(error).__name__})") from None
    except SeriesRejectedError as error:
        raise refused(error.reason) from None
    volume = Volume(mask.astype(np.float32), grid)
    check_overlaps(volume, t2.grid)
    return volume


def _is_label_map(seg: Dataset) -> bool:
    return bool(seg.get("SegmentationType") == "LABELMAP")


def _groups(seg: Dataset) -> Iterator[tuple[Dataset, Dataset, bool]]:
    """Yield the functional groups of each frame, and those shared by all."""
    shared = next(iter(seg.get("SharedFunctionalGroupsSequence") or ()), Dataset())
    per_frame = seg.get("PerFrameFunctionalGroupsSequence") or ()
    if len(per_frame) != int(seg.get("NumberOfFrames") or 1):
        raise refused("the segmentation does not state where each of its frames lies")
    for groups in per_frame:
        yield groups, shared, _is_label_map(seg)


def _frame(groups: Dataset, shared: Dataset, label_map: bool) -> _Frame:
    def macro(keyword: str) -> Dataset:
        """Return the item of a macro, of this frame or shared (PS3.3 C.7.6.16)."""
        item: Dataset = (groups.get(keyword) or shared[keyword].value)[0]
        return item

    measures = macro("PixelMeasuresSequence")
    segment = None if label_map else int(macro("SegmentIdentificationSequence").ReferencedSegmentNumber)
    return _Frame(
        segment,
        _numbers(macro("PlanePositionSequence").ImagePositionPatient, 3),
        _numbers(macro("PlaneOrientationSequence").ImageOrientationPatient, 6),
        _numbers(measures.PixelSpacing, 2),
        tuple(stated((measures.get("SpacingBetweenSlices"), measures.get("SliceThickness")))),
    )


def _numbers(values: Iterable[object], count: int) -> tuple[float, ...]:
    numbers = tuple(float(str(value)) for value in values)
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError
    return numbers


def _drawn_roles(seg: Dataset, frames: Sequence[_Frame]) -> dict[int, StructureRole]:
    """Return the role of each segment; one without frames marks nothing, and 0 is the background of a label map."""
    if _is_label_map(seg):
        return {number: role for number, role in segment_roles(seg).items() if number > 0}
    drawn = {frame.segment for frame in frames}
    roles = segment_roles(seg)
    return {number: role if number in drawn else StructureRole.OTHER for number, role in roles.items()}


def _grid(seg: Dataset, frames: Sequence[_Frame], t2: Geometry) -> tuple[Geometry, list[int]]:
    """Return the grid on which the frames lie, and the index of the plane of each."""
    if len({frame.spacing_mm for frame in frames}) > 1:
        raise refused("the frames of the segmentation have different pixel spacings")
    axes = direction([frame.orientation for frame in frames])
    positions = np.array([frame.position_mm for frame in frames])
    offsets = positions @ axes[:, 2]
    parallel = abs(abs(np.array(t2.direction).reshape(3, 3)[:, 2] @ axes[:, 2]) - 1) < PARALLEL
    spacing = even_spacing(distinct(offsets), frames[0].stated_mm, t2.spacing_mm[2] if parallel else None)
    planes = np.round((offsets - offsets.min()) / spacing).astype(int)
    origin = positions[int(np.argmin(offsets))]
    rows_mm, columns_mm = frames[0].spacing_mm
    _check_no_shear((positions - origin) @ axes[:, :2] / (columns_mm, rows_mm))
    shape = (int(planes.max()) + 1, int(seg.Rows), int(seg.Columns))
    return Geometry(shape, (columns_mm, rows_mm, spacing), triple(origin), tuple(axes.ravel().tolist())), list(planes)


def _check_no_shear(shifts: NDArray[np.float64]) -> None:
    """Check that the frames lie above one another; shifts are in pixels."""
    largest = float(np.abs(shifts).max())
    if largest > SHEAR:
        raise refused(f"the frames of the segmentation are shifted against one another by up to {largest:.1f} pixels")


def _mask(
    seg: Dataset, frames: Sequence[_Frame], chosen: Sequence[int], shape: tuple[int, int, int], planes: Sequence[int]
) -> Mask:
    mask: Mask = np.zeros(shape, dtype=bool)
    pixels = seg.pixel_array.reshape(len(frames), *shape[1:])
    for frame, plane, image in zip(frames, planes, pixels, strict=True):
        if frame.segment is None:
            mask[plane] |= np.isin(image, chosen)
        elif frame.segment in chosen:
            mask[plane] |= _marked(seg, image)
    return mask


def _marked(seg: Dataset, image: NDArray[Any]) -> Mask:
    """Return the pixels of a frame that belong to its segment; a fraction counts from half of its maximum."""
    if seg.SegmentationType == "FRACTIONAL":
        return np.asarray(image >= float(seg.MaximumFractionalValue) / 2)
    if seg.SegmentationType != "BINARY":
        raise refused("the segmentation is neither binary nor fractional nor a label map")
    return np.asarray(image > 0)
