"""Measures the shape of a brain mask, and says what no brain looks like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Geometry, Mask

POINTS = 20_000
"""Voxels of the mask that its axes and its symmetry are measured on."""
ELLIPSOID = 5.0
"""Squared semi-axis of a homogeneous ellipsoid, relative to the variance along the axis."""
VOLUME_ML = (600.0, 1900.0)
TALLEST_MM = 165.0
"""From the top of the brain to the foramen magnum it is at most 150 mm; the neck is below."""
NARROWEST_MM = 85.0
"""A hemisphere is about 75 mm wide, both are more than 110 mm."""
SYMMETRY = 0.85
"""Whole brains have 0.93 to 0.98, also with a head that is turned; without a quarter it is below 0.78."""
AT_BORDER = 0.35
"""A mask that the border of the image cuts off, and not the skull, is a slab of the head."""


@dataclass(frozen=True)
class BrainShape:
    """The shape of a brain mask.

    Attributes
    ----------
    volume_ml
        Volume.
    height_mm
        Extent along the third axis of the grid.
    narrowest_mm
        Shortest axis of the ellipsoid with the same second moments.
    symmetry
        Share of the mask that is in the mask again after reflection to the other side of the head.
    at_border
        Share of the mask's surface voxels that are at the border of the image.
    """

    volume_ml: float
    height_mm: float
    narrowest_mm: float
    symmetry: float
    at_border: float

    def fault(self) -> str | None:
        """Return why this is no brain, with the figure, or None."""
        low, high = VOLUME_ML
        faults = {
            f"{self.volume_ml:.0f} ml is not the volume of a brain": not low <= self.volume_ml <= high,
            f"{self.height_mm:.0f} mm is taller than a brain": self.height_mm > TALLEST_MM,
            f"{self.narrowest_mm:.0f} mm is narrower than a brain": self.narrowest_mm < NARROWEST_MM,
            f"only {self.symmetry:.0%} of it is on both sides": self.symmetry < SYMMETRY,
            f"{self.at_border:.0%} of its surface is at the border of the image": self.at_border > AT_BORDER,
        }
        return next((text for text, found in faults.items() if found), None)

    def figures(self) -> dict[str, float]:
        """Return the measurements by name, for the quality record."""
        return {f"brain_{name}": value for name, value in vars(self).items()}


def measure_shape(mask: Mask, grid: Geometry) -> BrainShape:
    """Measure a brain mask on axial slices; an empty one has no extent."""
    if not mask.any():
        return BrainShape(0.0, 0.0, 0.0, 0.0, 0.0)
    spacing = np.array(grid.spacing_mm[::-1])
    narrowest, symmetry = _symmetry(mask, spacing)
    return BrainShape(
        volume_ml=float(mask.sum() * spacing.prod() / 1000),
        height_mm=float(np.ptp(np.nonzero(mask.any(axis=(1, 2)))[0]) + 1) * grid.spacing_mm[2],
        narrowest_mm=narrowest,
        symmetry=symmetry,
        at_border=_at_border(mask),
    )


def _symmetry(mask: Mask, spacing: NDArray[np.float64]) -> tuple[float, float]:
    """Return the shortest axis, and the overlap with the reflection along the axis nearest to left and right."""
    inside = np.flatnonzero(mask)
    points = np.stack(np.unravel_index(inside[:: max(1, inside.size // POINTS)], mask.shape), axis=1) * spacing
    offsets = points - points.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(offsets.T)) if len(points) > 1 else (np.zeros(3), np.eye(3))
    across = axes[:, np.argmax(np.abs(axes[2]))]
    reflected = points - 2 * np.outer(offsets @ across, across)
    voxels = np.round(reflected / spacing).astype(int)
    in_grid = voxels[np.all((voxels >= 0) & (voxels < mask.shape), axis=1)]
    shortest = 2 * np.sqrt(ELLIPSOID * max(0.0, float(variances[0])))
    return float(shortest), float(mask[tuple(in_grid.T)].sum()) / len(points)


def _at_border(mask: Mask) -> float:
    border = np.ones_like(mask)
    border[1:-1, 1:-1, 1:-1] = False
    surface = mask & (border | ~ndimage.binary_erosion(mask))
    return float((mask & border).sum() / surface.sum())
