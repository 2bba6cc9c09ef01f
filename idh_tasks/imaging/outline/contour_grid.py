"""The grid on which contours are filled: that of the T2, continued if need be, or one of their own off its slices."""

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
FARTHEST_MM = 2 * MAX_EXTENT_MM
"""Contours farther from the first voxel of the T2 lie outside it."""


def grid_of(contours_mm: Sequence[Points], t2: Geometry) -> Geometry:
    """Return the grid of the T2 if all contours lie on its slices, else a grid through the planes of the contours.

    Where contours reach beyond the T2, its grid is continued, so that nothing of them is cut off unnoticed.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if contours are not flat, not parallel, too far apart, or on unevenly spaced planes.
    """
    extent = float(np.ptp(np.concatenate(contours_mm), axis=0).max())
    if extent > MAX_EXTENT_MM:
        raise refused(f"the contours of the tumour extend over {extent:.0f} mm")
    to_index = np.linalg.inv(t2.axes())
    indices = [(corners - t2.origin_mm) @ to_index.T for corners in contours_mm]
    if all(np.abs(at[:, 2] - round(float(at[:, 2].mean()))).max() <= OFF_SLICE for at in indices):
        return _continued(t2, np.concatenate(indices))
    return _own_grid(contours_mm, t2)


def _continued(t2: Geometry, indices: NDArray[np.float64]) -> Geometry:
    """Return the grid of the T2 with as many more voxels as it needs to contain these places."""
    low = np.minimum(np.round(indices.min(axis=0)), 0).astype(int)
    high = np.maximum(np.round(indices.max(axis=0)) + 1, t2.shape[::-1]).astype(int)
    if float(np.abs(np.stack([low, high]) @ np.diag(t2.spacing_mm)).max()) > FARTHEST_MM:
        raise refused("the outline lies outside the T2")
    columns, rows, slices = (high - low).tolist()
    origin = t2.axes() @ low + t2.origin_mm
    return Geometry((slices, rows, columns), t2.spacing_mm, triple(origin), t2.direction)


def _own_grid(contours_mm: Sequence[Points], t2: Geometry) -> Geometry:
    corners = np.concatenate(contours_mm)
    axes = _axes(contours_mm, t2)
    local = corners @ axes
    planes = np.array([float((contour @ axes[:, 2]).mean()) for contour in contours_mm])
    if max(float(np.ptp(contour @ axes[:, 2])) for contour in contours_mm) > 2 * FLAT_MM:
        raise refused("a contour of the tumour is not flat, or not parallel to the others")
    pixel = min(t2.spacing_mm) / 2
    spacing = even_spacing(distinct(planes), (), None)
    # Planes between those of coarse contours, and beyond the first and the last one, are interpolated.
    steps = max(1, round(spacing / float(np.abs(axes[:, 2] @ t2.axes()).max())))
    spacing /= steps
    low = np.array([*(local[:, :2].min(axis=0) - pixel), planes.min() - (steps - 1) * spacing])
    width, height = np.ceil(np.ptp(local[:, :2], axis=0) / pixel).astype(int) + 3
    shape = (round(float(np.ptp(planes)) / spacing) + 2 * steps - 1, int(height), int(width))
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
