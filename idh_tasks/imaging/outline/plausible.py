"""Checks that an outline has the size and the shape of a tumour and lies in the head."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Geometry, Mask
from idh_tasks.imaging.outline.refusals import refused
from idh_tasks.settings import ImagingSettings

MAX_IMAGE_SHARE = 1 / 3
"""No tumour fills more of an image of the head."""
MAX_HEAD_SHARE = 0.5
"""No tumour fills more of the head."""
MAX_PIECES = 100
LARGEST, LARGEST_SHARE = 10, 0.9
"""The largest pieces of an outline, and the share of it that they make up; the rest is crumbs."""
INTERIOR_FLOOR = 0.15
"""Least share of marked voxels whose four neighbours in the plane are marked as well; noise has fewer."""
EVERYWHERE = np.ones((3, 3, 3), dtype=bool)


def check_shape(tumour: Mask, grid: Geometry, settings: ImagingSettings) -> None:
    """Check that an outline on the grid of the image on which it was drawn looks like a tumour.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the implausible figure.
    """
    _check_volume(tumour, grid, settings)
    share = float(tumour.mean())
    if share > MAX_IMAGE_SHARE:
        raise refused(f"the outline fills {share:.0%} of the T2; is it the head or the background?")
    for axis in _spanned(tumour):
        raise refused(f"the outline reaches from one edge of the T2 to the other ({axis}); is it the background?")
    _check_pieces(tumour)
    interior = _interior(tumour)
    if interior < INTERIOR_FLOOR:
        raise refused(f"only {interior:.0%} of the voxels of the outline lie inside it; is it noise?")


def check_plausible(tumour: Mask, head: Mask, grid: Geometry, settings: ImagingSettings) -> None:
    """Check that an outline has the size of a tumour and lies in the head, since a brain mask may miss the tumour.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the implausible figure.
    """
    _check_volume(tumour, grid, settings)
    inside = float((tumour & head).sum()) / float(tumour.sum())
    if inside < settings.tumour_in_head_floor:
        raise refused(f"only {inside:.0%} of the outline is inside the head; was it drawn on this T2?")
    filled = float((tumour & head).sum()) / float(head.sum())
    if filled > MAX_HEAD_SHARE:
        raise refused(f"the outline fills {filled:.0%} of the head; is it the brain?")


def _check_volume(tumour: Mask, grid: Geometry, settings: ImagingSettings) -> None:
    volume_ml = float(tumour.sum()) * float(np.prod(grid.spacing_mm)) / 1000
    low, high = settings.tumour_ml
    if not low <= volume_ml <= high:
        raise refused(f"the volume of the outline is {volume_ml:.1f} ml; {low:g} to {high:g} ml are plausible")


def _spanned(tumour: Mask) -> Iterator[str]:
    """Yield the axes within the plane along which the outline touches both edges of the image."""
    for axis, name in ((1, "rows"), (2, "columns")):
        planes = np.moveaxis(tumour, axis, 0)
        if planes[0].any() and planes[-1].any():
            yield name


def _check_pieces(tumour: Mask) -> None:
    labels, count = ndimage.label(tumour, EVERYWHERE)
    sizes = np.sort(np.bincount(labels.ravel())[1:])[::-1]
    share = float(sizes[:LARGEST].sum() / sizes.sum())
    if count > MAX_PIECES or share < LARGEST_SHARE:
        raise refused(f"the outline consists of {count} pieces, of which the {LARGEST} largest make up {share:.0%}")


def _interior(tumour: Mask) -> float:
    cross = ndimage.generate_binary_structure(2, 1)[None]
    return float(ndimage.binary_erosion(tumour, cross).sum()) / float(tumour.sum())
