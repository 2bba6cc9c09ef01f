"""The working grid of the proposal: the brain alone, in voxels of about 2 mm."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask

MM = 2.0
MARGIN = 3


@dataclass(frozen=True)
class WorkingGrid:
    """Coarse voxel `i` lies at the fine index ``start + i · step``, per axis (z, y, x)."""

    fine_shape: tuple[int, ...]
    start: NDArray[np.float64]
    step: NDArray[np.float64]
    shape: tuple[int, ...]

    @classmethod
    def around(cls, brain: Mask, spacing_mm: tuple[float, float, float]) -> "WorkingGrid":
        """Return a grid that covers the brain with a margin; thick slices are interpolated."""
        step = MM / np.array(spacing_mm[::-1])
        box = ndimage.find_objects(brain.astype(np.int8))[0]
        low = np.array([axis.start for axis in box]) - MARGIN * step
        high = np.array([axis.stop for axis in box]) + MARGIN * step
        shape = tuple(np.ceil((high - low) / step).astype(int).tolist())
        return cls(brain.shape, low, step, shape)

    def coarse(self, image: Float) -> Float:
        """Average over the coarse voxel (a box of width w has the variance w²/12), then resample."""
        sigma = np.sqrt(np.maximum(self.step**2 - 1, 0) / 12)
        smooth = ndimage.gaussian_filter(image.astype(np.float32), sigma)
        return np.asarray(ndimage.affine_transform(smooth, self.step, self.start, self.shape, order=1))

    def fine(self, coarse: Float) -> Float:
        """Interpolate linearly on the fine grid."""
        back = 1 / self.step
        return np.asarray(ndimage.affine_transform(coarse, back, -self.start * back, self.fine_shape, order=1))
