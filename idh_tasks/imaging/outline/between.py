"""The planes between and beyond contours on every second slice or fewer, and gaps that nothing explains."""

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
PREDICTED = 0.65
"""Drawn planes overlap by at least this (Dice) with what their neighbours, twice as far apart, predict. With less, what
lies between them is a guess: the outline then overlaps by 0.8 to 0.9 with one drawn on every plane."""
LEAST_AREA = 0.1
"""Shapes smaller than this fraction of the largest one are crumbs, whose gaps mean nothing."""


def with_planes_between(drawn: Mapping[int, Mask], spacing_mm: Triple, count: int) -> dict[int, Mask]:
    """Add the planes between evenly spaced ones by shape-based interpolation (Raya & Udupa, IEEE TMI 1990).

    Only planes as far apart as the nearest two are joined: a wider gap may lie between two parts of a tumour. Beyond
    the first and the last one the tumour ends before the next plane on which it would have been drawn.

    Parameters
    ----------
    drawn
        The filled planes [rows, columns] by their index.
    count
        Number of planes of the grid.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` with the figure if the planes are too far apart, for any tumour or for one of this shape.
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
    every = int(steps.min())
    shapes = {plane: _signed_distance(drawn[plane], spacing_mm) for plane in marked}
    _check_predicted(drawn, shapes, every)
    added: dict[int, Mask] = {}
    for plane, shape in shapes.items():
        if plane + every in shapes:
            added |= _between(plane, shape, every, shapes[plane + every])
    for end, step in ((marked[0], -every), (marked[-1], every)):
        added |= _between(end, shapes[end], step, _vanished(shapes[end], shapes.get(end - step)))
    return {plane: image for plane, image in added.items() if 0 <= plane < count} | dict(drawn)


def _check_predicted(drawn: Mapping[int, Mask], shapes: Mapping[int, Float], every: int) -> None:
    """Check that interpolation finds the planes that were drawn, each from the two beside it."""
    inner = [plane for plane in shapes if plane - every in shapes and plane + every in shapes]
    predicted = {at: _between(at - every, shapes[at - every], 2 * every, shapes[at + every])[at] for at in inner}
    common = sum(float((predicted[at] & drawn[at]).sum()) for at in inner)
    total = sum(float(predicted[at].sum() + drawn[at].sum()) for at in inner)
    if 2 * common < PREDICTED * total:
        raise refused(
            f"the shape of the tumour changes too much between its contours: one predicted from its neighbours overlaps"
            f" by {2 * common / total:.2f} (Dice), {PREDICTED:g} is needed"
        )


def _between(plane: int, shape: Float, step: int, other: Float) -> dict[int, Mask]:
    """Return the planes between one and another, which is `step` planes away."""
    shares = {plane + int(np.sign(step)) * n: n / abs(step) for n in range(1, abs(step))}
    return {at: np.asarray(shape * (1 - share) + other * share > 0) for at, share in shares.items()}


def _vanished(last: Float, previous: Float | None) -> Float:
    """Return what is left of the last shape on the plane after it: it shrinks on, and at least to nothing."""
    nothing = last - float(last.max())
    return nothing if previous is None else np.minimum(nothing, 2 * last - previous)


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
