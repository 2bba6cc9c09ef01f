"""Cuts the 64×64 patch from the axial slice with the largest tumour area."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import StudyQuarantinedError


@dataclass(frozen=True)
class Rectangle:
    """A rectangle on an axial slice, half-open: rows [top, bottom), columns [left, right)."""

    slice_index: int
    top: int
    bottom: int
    left: int
    right: int

    def crop(self, volume: Float) -> Float:
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


def _pad_to_square(image: Float) -> Float:
    """Pad the shorter side with zeros at both ends."""
    height, width = image.shape
    side = max(height, width)
    rows, columns = side - height, side - width
    padding = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))
    return np.pad(image, padding)


def cut_patch(normalised: Float, tumour: Mask, box: Rectangle, size: int, pad_square: bool) -> Float:
    """Set everything outside the tumour to zero and resample the rectangle to size × size.

    Parameters
    ----------
    normalised
        Volume of shape (z, y, x).
    pad_square
        Whether to keep the aspect ratio by padding the rectangle to a square first.
    """
    image = box.crop(np.where(tumour, normalised, 0).astype(np.float32))
    if pad_square:
        image = _pad_to_square(image)
    zoom = (size / image.shape[0], size / image.shape[1])
    return np.asarray(ndimage.zoom(image, zoom, order=1, grid_mode=True, mode="nearest"), dtype=np.float32)
