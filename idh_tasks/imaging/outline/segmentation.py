"""Reads the tumour from a DICOM SEG on its own grid: binary, fractional or a label map (PS3.3 C.8.20)."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.dicom.high_throughput import register_decoders
from idh_tasks.dicom.outlines import segment_roles
from idh_tasks.domain.stack import direction
from idh_tasks.domain.volume import Geometry, Mask, Volume, triple
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.outline.choice import choose_tumour
from idh_tasks.imaging.outline.planes import distinct, even_spacing
from idh_tasks.imaging.outline.reference import ReferenceImage, check_overlaps
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.imaging.outline.segmentation_frames import PARALLEL, Frame, frames_of, is_label_map

SHEAR = 0.1
"""Largest shift of a frame within its plane, as a fraction of a pixel."""


def read_segmentation(seg: Dataset, t2: ReferenceImage) -> Volume:
    """Return the tumour on the grid of the segmentation, which may differ from that of the T2.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it is uncertain which segments are the tumour, the frame of reference is another one, the frames
        form no even stack or contradict the images that they name, or the tumour lies outside the T2.
    """
    register_decoders()
    t2.check_same_frame(seg.get("FrameOfReferenceUID"), seg)
    try:
        frames = frames_of(seg, t2)
        pixels = seg.pixel_array.reshape(len(frames), int(seg.Rows), int(seg.Columns))
        chosen = choose_tumour(segment_roles(seg), _drawn(seg, frames, pixels), "segments")
        grid, planes = _grid(seg, frames, t2.grid)
        mask = _mask(seg, frames, chosen, grid.shape, planes, pixels)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        raise refused(f"the segmentation cannot be read ({type(error).__name__})") from None
    except SeriesRejectedError as error:
        raise refused(error.reason) from None
    volume = Volume(mask.astype(np.float32), grid)
    check_overlaps(volume, t2.grid)
    return volume


def _drawn(seg: Dataset, frames: Sequence[Frame], pixels: NDArray[Any]) -> set[int]:
    """Return the numbers of the segments that mark something; 0 is the background of a label map."""
    if is_label_map(seg):
        return {int(number) for number in np.unique(pixels)} - {0}
    return {frame.segment for frame, image in zip(frames, pixels, strict=True) if frame.segment and image.any()}


def _grid(seg: Dataset, frames: Sequence[Frame], t2: Geometry) -> tuple[Geometry, list[int]]:
    """Return the grid on which the frames lie, and the index of the plane of each."""
    if len({frame.plane.spacing_mm for frame in frames}) > 1:
        raise refused("the frames of the segmentation have different pixel spacings")
    axes = direction([frame.plane.orientation for frame in frames])
    positions = np.array([frame.plane.position_mm for frame in frames])
    offsets = positions @ axes[:, 2]
    parallel = abs(abs(np.array(t2.direction).reshape(3, 3)[:, 2] @ axes[:, 2]) - 1) < PARALLEL
    spacing = even_spacing(distinct(offsets), frames[0].stated_mm, t2.spacing_mm[2] if parallel else None)
    planes = np.round((offsets - offsets.min()) / spacing).astype(int)
    _check_once(frames, planes)
    origin = positions[int(np.argmin(offsets))]
    rows_mm, columns_mm = frames[0].plane.spacing_mm
    _check_no_shear((positions - origin) @ axes[:, :2] / (columns_mm, rows_mm))
    shape = (int(planes.max()) + 1, int(seg.Rows), int(seg.Columns))
    return Geometry(shape, (columns_mm, rows_mm, spacing), triple(origin), tuple(axes.ravel().tolist())), list(planes)


def _check_once(frames: Sequence[Frame], planes: NDArray[np.int_]) -> None:
    """Check that no two frames show one segment in one place: one of them is in the wrong place."""
    times = Counter(zip((frame.segment for frame in frames), planes.tolist(), strict=True))
    repeated = sum(count > 1 for count in times.values())
    if repeated:
        raise refused(f"{repeated} places of the segmentation have several frames of one segment")


def _check_no_shear(shifts: NDArray[np.float64]) -> None:
    """Check that the frames lie above one another; shifts are in pixels."""
    largest = float(np.abs(shifts).max())
    if largest > SHEAR:
        raise refused(f"the frames of the segmentation are shifted against one another by up to {largest:.1f} pixels")


def _mask(
    seg: Dataset,
    frames: Sequence[Frame],
    chosen: Sequence[int],
    shape: tuple[int, int, int],
    planes: Sequence[int],
    pixels: NDArray[Any],
) -> Mask:
    mask: Mask = np.zeros(shape, dtype=bool)
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
