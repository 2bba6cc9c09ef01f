"""Reads a tumour outline from an RTSTRUCT (PS3.3 A.19): closed planar contours on the slices of an image."""

import re

import numpy as np
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Geometry, Mask, Volume
from idh_tasks.errors import StudyQuarantinedError

TUMOUR = re.compile(r"tumou?r|lesion|gtv|glio|flair|whole|o?edema", re.IGNORECASE)
OFF_SLICE = 0.25
"""How far a contour may lie from its slice, as a share of the spacing."""


def read_structure_set(structures: Dataset, grid: Geometry) -> Volume:
    """Fill the tumour's contours on the grid of the series they were drawn on; a contour inside another is a hole.

    The tumour is the one structure there is, or all those whose names say so.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if no structure is known to be the tumour, or a contour lies between slices or marks nothing.
    """
    mask: Mask = np.zeros(grid.shape, dtype=bool)
    for number in _tumours(structures):
        mask |= _filled(structures, number, grid)
    if not mask.any():
        raise StudyQuarantinedError(Code.E_ROI, "the delivered contours mark nothing")
    return Volume(mask.astype(np.float32), grid)


def _tumours(structures: Dataset) -> list[int]:
    names = {int(s.ROINumber): str(s.get("ROIName") or "") for s in structures.get("StructureSetROISequence") or ()}
    named = [number for number, name in names.items() if TUMOUR.search(name)]
    if not named and len(names) != 1:
        raise StudyQuarantinedError(Code.E_ROI, f"{len(names)} structures were delivered, none is named as the tumour")
    return named or list(names)


def _filled(structures: Dataset, number: int, grid: Geometry) -> Mask:
    mask: Mask = np.zeros(grid.shape, dtype=bool)
    to_index = np.linalg.inv(grid.axes())
    for roi in structures.get("ROIContourSequence") or ():
        if int(roi.ReferencedROINumber) != number:
            continue
        for contour in roi.get("ContourSequence") or ():
            points = np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
            place, outline = _on_slice((points - grid.origin_mm) @ to_index.T, grid)
            mask[place] ^= _inside(outline, grid.shape[1:])
    return mask


def _on_slice(points: NDArray[np.float64], grid: Geometry) -> tuple[int, NDArray[np.float64]]:
    """Return the slice on which index points (x, y, z) lie, and the points on it."""
    place = round(float(points[:, 2].mean()))
    if np.abs(points[:, 2] - place).max() > OFF_SLICE or not 0 <= place < grid.shape[0]:
        raise StudyQuarantinedError(Code.E_ROI, "a contour lies between slices")
    return place, points[:, :2]


def _inside(outline: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """Tell the pixels whose centres lie inside an outline."""
    rows, columns = np.indices(shape)
    centres = np.column_stack([columns.ravel(), rows.ravel()])
    return np.asarray(Polygon(np.vstack([outline, outline[:1]]), closed=True).contains_points(centres).reshape(shape))
