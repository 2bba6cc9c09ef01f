"""Cuts the 64×64 patch from the axial slice with the largest tumour area."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Triple
from idh_tasks.errors import StudyQuarantinedError

Voxels = TypeVar("Voxels", Float, Mask)


@dataclass(frozen=True)
class Rectangle:
    """A rectangle on an axial slice, half-open: rows [top, bottom), columns [left, right)."""

    slice_index: int
    top: int
    bottom: int
    left: int
    right: int

    def crop(self, volume: Voxels) -> Voxels:
        """Cut the rectangle out of a volume of shape (z, y, x)."""
        return volume[self.slice_index, self.top : self.bottom, self.left : self.right]


def widest_rectangle(tumour: Mask) -> Rectangle:
    """Return the bounding box of the tumour on the axial slice with the largest tumour area (ties: the lowest slice).

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if the mask is empty.
    """
    areas = tumour.sum(axis=(1, 2))
    if not areas.any():
        raise StudyQuarantinedError(Code.E_ROI, "the tumour lies outside the MPRAGE")
    index = int(np.argmax(areas))
    rows = np.nonzero(tumour[index].any(axis=1))[0]
    columns = np.nonzero(tumour[index].any(axis=0))[0]
    return Rectangle(index, int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)


def cut_patch(
    normalised: Float, tumour: Mask, box: Rectangle, size: int, pad_square: bool, spacing_mm: Triple
) -> Float:
    """Set everything outside the tumour to zero and resample the rectangle to size × size.

    Along an axis with more pixels than the patch, a pixel of the patch is the mean over its area, so that noise is not
    aliased; otherwise it is interpolated linearly. The zeros outside the tumour enter these means: the protocol masks
    before it resamples, and a pixel at the border then shows which part of it is tumour.

    Parameters
    ----------
    normalised
        Volume of shape (z, y, x).
    pad_square
        Whether to keep the aspect ratio by padding the rectangle with zeros to a square in mm.
    spacing_mm
        Voxel size as (x, y, z).
    """
    image = np.where(box.crop(tumour), box.crop(normalised), 0).astype(np.float32)
    extent_mm = np.array(image.shape) * spacing_mm[1::-1]
    padded = image.shape * (extent_mm.max() / extent_mm if pad_square else np.ones(2))
    rows, columns = (_resampling(n, float(total), size) for n, total in zip(image.shape, padded, strict=True))
    return np.asarray(rows @ image @ columns.T, dtype=np.float32)


def _resampling(pixels: int, padded: float, size: int) -> NDArray[np.float64]:
    """Return the matrix of shape (size, pixels) that resamples an axis, padded at both ends to a length in pixels."""
    edges = np.linspace(-(padded - pixels) / 2, (padded + pixels) / 2, size + 1)
    return _area_means(edges, pixels) if padded > size else _interpolation((edges[:-1] + edges[1:]) / 2, pixels)


def _area_means(edges: NDArray[np.float64], pixels: int) -> NDArray[np.float64]:
    """Return which part of each new pixel lies in each old one."""
    old = np.arange(pixels)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.asarray(np.maximum(overlap, 0) / np.diff(edges)[:, None])


def _interpolation(centres: NDArray[np.float64], pixels: int) -> NDArray[np.float64]:
    """Return the weights of linear interpolation; the outermost pixels reach to their borders, zero lies beyond."""
    inside = (centres > 0) & (centres < pixels)
    at = np.clip(centres - 0.5, 0, pixels - 1)
    weights = np.maximum(1 - np.abs(at[:, None] - np.arange(pixels)), 0)
    return np.asarray(weights * inside[:, None])
