"""Images at several resolutions, blurred as larger voxels would blur them."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy.special import ive

from idh_tasks.domain.volume import Float, Geometry, Volume, triple
from idh_tasks.imaging.itk import to_image

Widths = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """One level of the pyramid: smallest voxel size, number of samples, and step size at which the descent stops."""

    spacing_mm: float
    samples: int
    last_step_mm: float


LEVELS = (Level(8, 20_000, 0.05), Level(4, 30_000, 0.02), Level(2, 45_000, 0.01))
"""From coarse to fine."""
MOST_VOXELS, BOUNDED_MM = 40_000_000, 1.0
"""A larger image is brought to voxels of this size."""


@dataclass(frozen=True)
class ImagePair:
    """Both images at one level; samples are drawn from the first."""

    level: Level
    sampled: sitk.Image
    other: sitk.Image


@dataclass(frozen=True)
class SlabImage:
    """An image whose voxels are means over slabs of these widths along its axes (mm)."""

    volume: Volume
    width_mm: Widths

    @classmethod
    def of(cls, volume: Volume) -> "SlabImage":
        """Return a volume, whose voxels are means over their own size."""
        return cls(volume, np.array(volume.geometry.spacing_mm))

    def coarser(self, spacing_mm: Widths, width_mm: Widths | None = None) -> "SlabImage":
        """Blur as voxels of a larger width would, and interpolate linearly on a coarser grid with the same centre.

        A slab of width w has the variance w²/12, so the blur is a Gaussian whose variance is the difference. Both
        steps are linear and act along the axes, so each axis takes one product with a matrix.
        """
        old = self.volume.geometry
        width = self.width_mm if width_mm is None else np.maximum(width_mm, self.width_mm)
        new = _grid(old, spacing_mm)
        x, y, z = (
            _weights(a, b) @ _gaussian(len(a), variance / spacing**2)
            for a, b, variance, spacing in zip(
                _positions(old), _positions(new), (width**2 - self.width_mm**2) / 12, old.spacing_mm, strict=True
            )
        )
        return SlabImage(Volume(_along_axes(self.volume.voxels, x, y, z), new), width)


def pyramid(thick: Volume, thin: Volume) -> list[ImagePair]:
    """Return both images at every level, the coarsest first; each level is made from the next finer one."""
    coarse, fine = SlabImage.of(thick), SlabImage.of(thin)
    rotation_squared = (_directions(fine).T @ _directions(coarse)) ** 2
    pairs = []
    for level in reversed(LEVELS):
        width = np.maximum(coarse.volume.geometry.spacing_mm, level.spacing_mm)
        coarse = coarse.coarser(width, width)
        grid = np.maximum(fine.volume.geometry.spacing_mm, level.spacing_mm / 1.5)
        fine = fine.coarser(grid, np.maximum(np.sqrt(rotation_squared @ width**2), grid))
        pairs.append(ImagePair(level, to_image(coarse.volume), to_image(fine.volume)))
    return pairs[::-1]


def bounded(volume: Volume) -> Volume:
    """Return a volume of more than 40 million voxels with voxels of at least 1 mm, and any other one unchanged.

    Voxels of 0.5 mm are interpolated by the scanner, and a study in their grid would take several GiB.
    """
    if volume.voxels.size <= MOST_VOXELS:
        return volume
    spacing = np.maximum(volume.geometry.spacing_mm, BOUNDED_MM)
    return SlabImage.of(volume).coarser(spacing, spacing).volume


def _directions(image: SlabImage) -> NDArray[np.float64]:
    return np.array(image.volume.geometry.direction).reshape(3, 3)


def _grid(old: Geometry, spacing_mm: Widths) -> Geometry:
    size = np.maximum(1, np.round(np.array(old.shape[::-1]) * old.spacing_mm / spacing_mm)).astype(int).tolist()
    at_zero = Geometry((size[2], size[1], size[0]), triple(spacing_mm), (0.0, 0.0, 0.0), old.direction)
    return Geometry(at_zero.shape, at_zero.spacing_mm, triple(old.centre() - at_zero.centre()), old.direction)


def _positions(grid: Geometry) -> list[NDArray[np.float64]]:
    """Return the distances of the voxels from the centre along x, y and z, in mm."""
    return [
        (np.arange(n, dtype=np.float64) - (n - 1) / 2) * s
        for n, s in zip(grid.shape[::-1], grid.spacing_mm, strict=True)
    ]


def _weights(old: NDArray[np.float64], new: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix of linear interpolation; beyond the outermost voxel its value goes on."""
    spacing = old[1] - old[0] if len(old) > 1 else 1.0
    inside = np.clip(new, old[0], old[-1])
    return np.clip(1 - np.abs(inside[:, None] - old) / spacing, 0, None)


def _gaussian(count: int, variance: float) -> NDArray[np.float64]:
    """Return the blur by a discrete Gaussian of this variance in voxels², as exact for small ones (Lindeberg 1990)."""
    lag = np.arange(count)
    kernel = np.where(lag <= 6 * np.sqrt(variance) + 3, ive(lag, variance), 0.0)
    blur = kernel[np.abs(lag[:, None] - lag)]
    return np.asarray(blur / blur.sum(axis=1, keepdims=True), dtype=np.float64)


def _along_axes(voxels: Float, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]) -> Float:
    """Multiply the axes of (z, y, x) voxels by matrices."""
    # Intensities are single precision already.
    across, down, through = (matrix.astype(np.float32) for matrix in (x, y, z))
    return np.asarray(np.tensordot(through, np.matmul(down, voxels @ across.T), axes=1), dtype=np.float32)
