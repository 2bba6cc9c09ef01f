"""The planes between contours that were drawn on every second slice or fewer, and gaps that nothing explains."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask, Triple
from idh_tasks.imaging.outline.refusals import refused

MAX_DISTANCE_MM = 10.0
"""Contours farther apart say too little about the tumour between them."""
TOLERANCE_MM = 0.05
SAME_SHAPE = 0.5
"""Two shapes that overlap so far (Dice) belong to one part of a tumour; the planes between them cannot be empty."""
LEAST_AREA = 0.1
"""Shapes smaller than this fraction of the largest one are crumbs, whose gaps mean nothing."""


def with_planes_between(drawn: Mapping[int, Mask], spacing_mm: Triple) -> dict[int, Mask]:
    """Add the planes between evenly spaced ones by shape-based interpolation (Raya & Udupa, IEEE TMI 1990).

    Only planes as far apart as the nearest two are joined: a wider gap may lie between two parts of a tumour.

    Parameters
    ----------
    drawn
        The filled planes [rows, columns] by their index.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the distance if the planes are too far apart.
    """
    marked = sorted(plane for plane, image in drawn.items() if image.any())
    steps = np.diff(marked)
    if not len(steps) or steps.min() == 1:
        return dict(drawn)
    distance_mm = float(steps.min()) * spacing_mm[2]
    if distance_mm > MAX_DISTANCE_MM + TOLERANCE_MM:
        raise refused(
            f"the contours of the tumour are {distance_mm:.0f} mm apart; at most {MAX_DISTANCE_MM:.0f} mm are bridged"
        )
    planes = dict(drawn)
    for low, step in zip(marked[:-1], steps.tolist(), strict=True):
        if step == steps.min():
            first, second = (_signed_distance(drawn[plane], spacing_mm) for plane in (low, low + step))
            planes |= {low + n: (first * (step - n) + second * n) / step > 0 for n in range(1, step)}
    return planes


def _signed_distance(image: Mask, spacing_mm: Triple) -> Float:
    """Return the distance from the edge in mm, positive inside."""
    sampling, padded = (spacing_mm[1], spacing_mm[0]), np.pad(image, 1)
    inside, outside = (ndimage.distance_transform_edt(side, sampling) for side in (padded, ~padded))
    return np.asarray((inside - outside)[1:-1, 1:-1], dtype=np.float32)


def check_no_gaps(mask: Mask) -> None:
    """Check that no plane inside the outline is empty.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the number of planes if some were left out; separate parts of a tumour differ in shape.
    """
    left_out = _left_out(mask)
    if left_out:
        raise refused(f"the outline leaves out {left_out} of its planes; was it drawn on some of the slices only?")


def _left_out(planes: Mask) -> int:
    areas = planes.sum(axis=(1, 2))
    marked = np.flatnonzero(areas)
    pairs = [(low, high) for low, high in pairwise(marked.tolist()) if high > low + 1]
    least = LEAST_AREA * float(areas.max())
    return sum(
        high - low - 1
        for low, high in pairs
        if min(areas[low], areas[high]) >= least
        and 2 * float((planes[low] & planes[high]).sum()) >= SAME_SHAPE * float(areas[low] + areas[high])
    )
