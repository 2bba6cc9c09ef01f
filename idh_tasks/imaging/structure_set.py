"""Reads a tumour outline from the closed planar contours of an RTSTRUCT (PS3.3 A.19)."""

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
"""Largest distance of a contour from its slice, as a fraction of the slice spacing."""


def read_structure_set(structures: Dataset, grid: Geometry) -> Volume:
    """Fill the tumour's contours on the grid of the series on which they were drawn.

    All structures whose names indicate a tumour are used, or the only structure if there is just one. A contour inside
    another one is a hole.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if no structure can be identified as the tumour, a contour lies between slices, or the mask is empty.
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
        raise StudyQuarantinedError(Code.E_ROI, f"{len(names)} structures were delivered, none is named as a tumour")
    return named or list(names)


def _filled(structures: Dataset, number: int, grid: Geometry) -> Mask:
    mask: Mask = np.zeros(grid.shape, dtype=bool)
    to_index = np.linalg.inv(grid.axes())
    for roi in structures.get("ROIContourSequence") or ():
        if int(roi.ReferencedROINumber) != number:
            continue
        for contour in roi.get("ContourSequence") or ():
            points = np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
            index, outline = _on_slice((points - grid.origin_mm) @ to_index.T, grid)
            mask[index] ^= _inside(outline, grid.shape[1:])
    return mask


def _on_slice(points: NDArray[np.float64], grid: Geometry) -> tuple[int, NDArray[np.float64]]:
    """Return the slice that contains points given in voxel indices (x, y, z), and the points in its plane."""
    index = round(float(points[:, 2].mean()))
    if np.abs(points[:, 2] - index).max() > OFF_SLICE or not 0 <= index < grid.shape[0]:
        raise StudyQuarantinedError(Code.E_ROI, "a contour lies between slices or outside the image")
    return index, points[:, :2]


def _inside(outline: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """Return the pixels whose centres lie inside an outline."""
    rows, columns = np.indices(shape)
    centres = np.column_stack([columns.ravel(), rows.ravel()])
    return np.asarray(Polygon(np.vstack([outline, outline[:1]]), closed=True).contains_points(centres).reshape(shape))
