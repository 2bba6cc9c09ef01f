"""The grid on which contours are filled: that of the T2, or one of their own if they lie off its slices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.volume import Geometry, triple
from idh_tasks.imaging.outline.contours import Points
from idh_tasks.imaging.outline.planes import distinct, even_spacing
from idh_tasks.imaging.outline.refusals import refused

OFF_SLICE = 0.25
"""Largest distance of a contour from a slice of the T2 on which it counts as drawn, as a fraction of the spacing."""
FLAT_MM = 0.5
"""Largest distance of a contour's corners from its plane."""
MAX_EXTENT_MM = 600.0
"""No head is larger; contours that extend further have wrong coordinates."""


def grid_of(contours_mm: Sequence[Points], t2: Geometry) -> Geometry:
    """Return the grid of the T2 if all contours lie on its slices, else a grid through the planes of the contours.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if contours are not flat, not parallel, too far apart, or on unevenly spaced planes.
    """
    to_index = np.linalg.inv(t2.axes())
    heights = [((corners - t2.origin_mm) @ to_index.T)[:, 2] for corners in contours_mm]
    on_slices = all(np.abs(z - round(float(z.mean()))).max() <= OFF_SLICE for z in heights)
    if on_slices and all(0 <= round(float(z.mean())) < t2.shape[0] for z in heights):
        return t2
    return _own_grid(contours_mm, t2)


def _own_grid(contours_mm: Sequence[Points], t2: Geometry) -> Geometry:
    corners = np.concatenate(contours_mm)
    extent = float(np.ptp(corners, axis=0).max())
    if extent > MAX_EXTENT_MM:
        raise refused(f"the contours of the tumour extend over {extent:.0f} mm")
    axes = _axes(contours_mm, t2)
    local = corners @ axes
    planes = np.array([float((contour @ axes[:, 2]).mean()) for contour in contours_mm])
    if max(float(np.ptp(contour @ axes[:, 2])) for contour in contours_mm) > 2 * FLAT_MM:
        raise refused("a contour of the tumour is not flat, or not parallel to the others")
    pixel = min(t2.spacing_mm) / 2
    spacing = even_spacing(distinct(planes), (), None)
    low = np.array([*(local[:, :2].min(axis=0) - pixel), planes.min()])
    width, height = np.ceil(np.ptp(local[:, :2], axis=0) / pixel).astype(int) + 3
    shape = (round(float(np.ptp(planes)) / spacing) + 1, int(height), int(width))
    return Geometry(shape, (pixel, pixel, spacing), triple(axes @ low), tuple(axes.ravel().tolist()))


def _axes(contours_mm: Sequence[Points], t2: Geometry) -> NDArray[np.float64]:
    """Return the axes of the contours' planes: those of the T2 if parallel to its slices, else by the largest one."""
    own = np.array(t2.direction).reshape(3, 3)
    if all(np.ptp(corners @ own[:, 2]) <= 2 * FLAT_MM for corners in contours_mm):
        return own
    areas = [_area_vector(corners) for corners in contours_mm]
    largest = max(areas, key=lambda area: float(np.linalg.norm(area)))
    if not largest.any():
        raise refused("the contours of the tumour enclose nothing")
    normal = largest / np.linalg.norm(largest)
    across = own[:, int(np.argmin(np.abs(own.T @ normal)))]
    first = across - (across @ normal) * normal
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(normal, first), normal], axis=1)


def _area_vector(corners: Points) -> NDArray[np.float64]:
    """Return the normal of a contour whose length is twice its area (Newell)."""
    centred = corners - corners.mean(axis=0)
    return np.asarray(np.cross(centred, np.roll(centred, -1, axis=0)).sum(axis=0))
