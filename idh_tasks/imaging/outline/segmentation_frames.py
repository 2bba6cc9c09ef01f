"""The frames of a DICOM SEG: which segment each shows and where it lies (PS3.3 C.7.6.16, C.8.20.3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.dicom.outlines import items
from idh_tasks.imaging.outline.planes import stated
from idh_tasks.imaging.outline.reference import Plane, ReferenceImage, numbers
from idh_tasks.imaging.outline.refusals import refused

SAME_PIXEL = 0.5
"""Largest distance between corners of a frame and of the image on which it was drawn, in pixels."""
PARALLEL = 1e-3


@dataclass(frozen=True)
class Frame:
    """Where one frame lies, and which segment it shows; a frame of a label map shows all of them.

    Attributes
    ----------
    stated_mm
        The distance between frames as stated, the most reliable first.
    sources
        The planes of the images of the T2 that the frame names as those on which it was drawn.
    """

    segment: int | None
    plane: Plane
    stated_mm: tuple[float, ...]
    sources: tuple[Plane, ...]


def frames_of(seg: Dataset, t2: ReferenceImage) -> list[Frame]:
    """Return the frames of a segmentation in their order.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if a frame does not state where it lies, or lies elsewhere than the images that it names, or if
        frames lie in other files.
    """
    _check_whole(seg)
    per_frame = items(seg, "PerFrameFunctionalGroupsSequence")
    if len(per_frame) != int(seg.get("NumberOfFrames") or 1):
        raise refused("the segmentation does not state where each of its frames lies")
    shared = next(iter(items(seg, "SharedFunctionalGroupsSequence")), Dataset())
    frames = [_frame(seg, groups, shared, t2) for groups in per_frame]
    _check_sources(frames, t2)
    return frames


def _check_whole(seg: Dataset) -> None:
    """Check that all frames are in this file (PS3.3 C.7.6.16.2.2.4): a part of the tumour would pass for all of it."""
    files = int(seg.get("InConcatenationTotalNumber") or 1)
    if files > 1 or int(seg.get("InConcatenationNumber") or 1) > 1:
        others = f"{files - 1} other files" if files > 1 else "other files"
        raise refused(f"the segmentation goes on in {others} (a concatenation); it must be one file")


def is_label_map(seg: Dataset) -> bool:
    """Return whether the pixels of a segmentation are numbers of segments."""
    return bool(seg.get("SegmentationType") == "LABELMAP")


def _frame(seg: Dataset, groups: Dataset, shared: Dataset, t2: ReferenceImage) -> Frame:
    def macro(keyword: str) -> Dataset | None:
        """Return the item of a macro, of this frame or shared (PS3.3 C.7.6.16)."""
        return next(iter(items(groups, keyword) or items(shared, keyword)), None)

    sources = tuple(t2.planes[uid] for uid in _source_uids(macro("DerivationImageSequence")) if uid in t2.planes)
    measures = macro("PixelMeasuresSequence") or Dataset()
    position, orientation = macro("PlanePositionSequence"), macro("PlaneOrientationSequence")
    plane = _plane(seg, (position, orientation, measures), sources)
    distances = stated((measures.get("SpacingBetweenSlices"), measures.get("SliceThickness")))
    return Frame(_segment(seg, macro("SegmentIdentificationSequence")), plane, tuple(distances), sources)


def _segment(seg: Dataset, identification: Dataset | None) -> int | None:
    if is_label_map(seg):
        return None
    if identification is None:
        raise refused("the segmentation does not state which segment each of its frames shows")
    return int(identification.ReferencedSegmentNumber)


def _source_uids(derivation: Dataset | None) -> Iterator[str]:
    """Yield the images on which a frame was drawn pixel by pixel, as far as that is not denied (C.7.6.16.2.6)."""
    for source in items(derivation or Dataset(), "SourceImageSequence"):
        if source.get("SpatialLocationsPreserved", "YES") == "YES":
            yield str(source.get("ReferencedSOPInstanceUID"))


def _plane(seg: Dataset, stated_by: tuple[Dataset | None, Dataset | None, Dataset], sources: Sequence[Plane]) -> Plane:
    """Return where a frame lies; without a stated position, where the only image of its size that it names lies."""
    position, orientation, measures = stated_by
    rows, columns = int(seg.Rows), int(seg.Columns)
    if position is None and len(sources) == 1 and (sources[0].rows, sources[0].columns) == (rows, columns):
        return sources[0]
    if position is None or orientation is None or "PixelSpacing" not in measures:
        raise refused("the segmentation does not state where each of its frames lies")
    return Plane(
        numbers(position.ImagePositionPatient, 3),
        numbers(orientation.ImageOrientationPatient, 6),
        numbers(measures.PixelSpacing, 2),
        rows,
        columns,
    )


def _check_sources(frames: Sequence[Frame], t2: ReferenceImage) -> None:
    """Check that frames lie where the images lie that they name.

    A program that reverses the order of the slices may leave the references in the old order, so the mirrored order
    counts as well, if it is that of all frames.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the distance otherwise.
    """
    pairs = [(frame.plane, frame.sources[0]) for frame in frames if len(frame.sources) == 1]
    pairs = [(plane, source) for plane, source in pairs if abs(abs(plane.normal @ source.normal) - 1) < PARALLEL]
    aside = max((_aside_pixels(plane, source) for plane, source in pairs), default=0.0)
    if aside > SAME_PIXEL:
        raise refused(f"frames of the segmentation lie {aside:.1f} pixels beside the images of the T2 that they name")
    if not pairs:
        return
    normal = pairs[0][1].normal
    at, named = (np.array([one.position_mm for one in side]) @ normal for side in zip(*pairs, strict=True))
    ends = np.array([plane.position_mm for plane in t2.planes.values()]) @ normal
    apart = min(float(np.abs(at - order).max()) for order in (named, ends.min() + ends.max() - named))
    if apart > t2.grid.spacing_mm[2] / 2:
        raise refused(f"frames of the segmentation lie {apart:.1f} mm from the images of the T2 that they name")


def _aside_pixels(plane: Plane, source: Plane) -> float:
    """Return the distance between the corners of a frame and of the image of the same size, within the plane."""
    same_size = sorted((plane.rows, plane.columns)) == sorted((source.rows, source.columns))
    if not same_size or not np.allclose(sorted(plane.spacing_mm), sorted(source.spacing_mm), rtol=1e-3):
        return 0.0
    apart = plane.corners_mm()[:, None] - source.corners_mm()[None]
    within = apart - (apart @ source.normal)[..., None] * source.normal
    return float(np.linalg.norm(within, axis=-1).min(axis=1).max()) / min(source.spacing_mm)
