"""Reads the tumour from the closed planar contours of an RTSTRUCT (PS3.3 A.19, C.8.8.6)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from idh_tasks.dicom.outlines import number_of, structure_roles
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.imaging.outline.between import with_planes_between
from idh_tasks.imaging.outline.choice import choose_tumour
from idh_tasks.imaging.outline.contour_grid import grid_of
from idh_tasks.imaging.outline.contours import Points, fill, fill_xor
from idh_tasks.imaging.outline.reference import ReferenceImage, check_overlaps
from idh_tasks.imaging.outline.refusals import refused

CLOSED, XOR = "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"
MIN_CORNERS = 3


@dataclass(frozen=True)
class _Contour:
    """One contour of a structure: its corners in mm, shape (n, 3), and how it is combined with others."""

    structure: int
    kind: str
    corners_mm: Points


def read_structure_set(structures: Dataset, t2: ReferenceImage) -> Volume:
    """Fill the tumour's contours, on the grid of the T2 if they lie on its slices, else on a grid of their own.

    Contours of a structure add up, except for a contour wholly inside another, which is a hole. Empty contours are
    passed over.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it is uncertain which structures are the tumour, the frame of reference is another one, part of
        the tumour is marked by points or open lines, or the contours form no even stack.
    """
    try:
        drawn = _drawn(structures)
        chosen = choose_tumour(structure_roles(structures), drawn, "structures")
        for number in chosen:
            t2.check_same_frame(_frame_of_reference(structures, number), structures)
        contours = [contour for number in chosen for roi in drawn[number] for contour in _contours(roi, number)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise refused(f"the structure set cannot be read ({type(error).__name__})") from None
    if not contours:
        raise refused("the contours mark nothing")
    grid = grid_of([contour.corners_mm for contour in contours], t2.grid)
    volume = Volume(_mask(contours, grid).astype(np.float32), grid)
    check_overlaps(volume, t2.grid)
    return volume


def _drawn(structures: Dataset) -> dict[int, list[Dataset]]:
    """Return the contour sets of each structure that hold a contour with corners; a structure may have several."""
    drawn: dict[int, list[Dataset]] = defaultdict(list)
    for roi in structures.get("ROIContourSequence") or ():
        if any(contour.get("ContourData") for contour in roi.get("ContourSequence") or ()):
            drawn[number_of(roi, "ReferencedROINumber")].append(roi)
    if not drawn:
        raise refused("the contours mark nothing")
    return drawn


def _frame_of_reference(structures: Dataset, number: int) -> str | None:
    """Return the UID of the frame of reference of a structure's coordinates (PS3.3 C.8.8.5)."""
    rois = structures.StructureSetROISequence
    stated = next(roi.get("ReferencedFrameOfReferenceUID") for roi in rois if number_of(roi, "ROINumber") == number)
    frames = list(structures.get("ReferencedFrameOfReferenceSequence") or ())
    only = frames[0].get("FrameOfReferenceUID") if len(frames) == 1 else None
    uid = stated or only
    return str(uid) if uid else None


def _contours(roi: Dataset, number: int) -> Iterator[_Contour]:
    for contour in roi.ContourSequence:
        if not contour.get("ContourData"):
            continue
        kind = contour.get("ContourGeometricType")
        if kind not in (CLOSED, XOR):
            raise refused("part of the tumour is marked by points or open lines, which enclose nothing")
        corners = np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
        if any(float(shift) for shift in contour.get("ContourOffsetVector") or ()):
            raise refused("contours of the tumour are moved by an offset (ContourOffsetVector)")
        if not np.isfinite(corners).all():
            raise refused("a contour of the tumour has corners that are not finite")
        if len(corners) >= MIN_CORNERS:
            yield _Contour(number, kind, corners)


def _mask(contours: Sequence[_Contour], grid: Geometry) -> Mask:
    """Fill the contours of each structure plane by plane and between its planes, and unite the structures."""
    mask: Mask = np.zeros(grid.shape, dtype=bool)
    to_index = np.linalg.inv(grid.axes())
    planes: dict[int, dict[int, list[tuple[str, Points]]]] = defaultdict(lambda: defaultdict(list))
    for contour in contours:
        corners = (contour.corners_mm - grid.origin_mm) @ to_index.T
        planes[contour.structure][round(float(corners[:, 2].mean()))].append((contour.kind, corners[:, :2]))
    for drawn in planes.values():
        filled = {plane: _filled(corners, grid.shape[1:]) for plane, corners in drawn.items()}
        for plane, image in with_planes_between(filled, grid.spacing_mm, grid.shape[0]).items():
            mask[plane] |= image
    return mask


def _filled(drawn: Sequence[tuple[str, Points]], shape: tuple[int, int]) -> Mask:
    kinds = {kind for kind, _ in drawn}
    if len(kinds) > 1:
        raise refused("contours of one structure are combined in two different ways on one slice")
    corners = [points for _, points in drawn]
    return fill_xor(corners, shape) if kinds == {XOR} else fill(corners, shape)
