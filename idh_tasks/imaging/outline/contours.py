"""Fills the closed contours of one plane."""

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray

from idh_tasks.domain.volume import Mask

Points = NDArray[np.float64]

OFF_CENTRE = (1e-5, 3e-5)
"""Pixels are tested this far from their centres (x, y): a centre on a contour, or on a keyhole's channel, is neither
inside nor outside."""


def fill(contours: Sequence[Points], shape: tuple[int, int]) -> Mask:
    """Return the pixels whose centres lie inside the contours.

    Contours add up. Only one that lies wholly inside another is a hole in it, and one inside a hole is an island.

    Parameters
    ----------
    contours
        Corners of each contour in pixels as (x, y), shape (n, 2).
    """
    masks = [inside(contour, shape) for contour in contours]
    parents = [_enclosing(number, contours, masks) for number in range(len(contours))]
    depths = _depths(parents, masks)
    filled: Mask = np.zeros(shape, dtype=bool)
    for number, depth in enumerate(depths):
        if depth % 2 == 0:
            holes = (other for other, at in enumerate(depths) if at == depth + 1 and number in parents[other])
            filled |= masks[number] & ~_union([masks[hole] for hole in holes], shape)
    return filled


def fill_xor(contours: Sequence[Points], shape: tuple[int, int]) -> Mask:
    """Return the pixels inside an odd number of the contours (CLOSEDPLANAR_XOR, PS3.3 C.8.8.6.3)."""
    filled: Mask = np.zeros(shape, dtype=bool)
    for contour in contours:
        filled ^= inside(contour, shape)
    return filled


def inside(contour: Points, shape: tuple[int, int]) -> Mask:
    """Return the pixels whose centres lie inside one contour; a keyhole's channel encloses nothing."""
    mask: Mask = np.zeros(shape, dtype=bool)
    low = np.clip(np.floor(contour.min(axis=0)).astype(int), 0, shape[::-1])
    high = np.clip(np.ceil(contour.max(axis=0)).astype(int) + 1, 0, shape[::-1])
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
    centres = np.column_stack([columns.ravel(), rows.ravel()]) + OFF_CENTRE
    mask[low[1] : high[1], low[0] : high[0]] = _polygon(contour).contains_points(centres).reshape(rows.shape)
    return mask


def _polygon(contour: Points) -> Polygon:
    return Polygon(np.vstack([contour, contour[:1]]), closed=True)


def _union(masks: Sequence[Mask], shape: tuple[int, int]) -> Mask:
    return np.any([np.zeros(shape, dtype=bool), *masks], axis=0)


def _enclosing(number: int, contours: Sequence[Points], masks: Sequence[Mask]) -> set[int]:
    """Return the contours that wholly enclose a contour; copies of it do not."""
    mask, corners = masks[number], contours[number]
    return {
        other
        for other, larger in enumerate(masks)
        if mask.sum() < larger.sum()
        and not (mask & ~larger).any()
        and _polygon(contours[other]).contains_points(corners).all()
    }


def _depths(parents: Sequence[set[int]], masks: Sequence[Mask]) -> list[int]:
    """Return for each contour in how many others, each inside the next, it lies."""
    depths = [0] * len(parents)
    for number in sorted(range(len(parents)), key=lambda one: -int(masks[one].sum())):
        depths[number] = max((1 + depths[parent] for parent in parents[number]), default=0)
    return depths
