"""Images at several resolutions, blurred as larger voxels would blur them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.domain.volume import Volume
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


@dataclass(frozen=True)
class SlabImage:
    """An image whose voxels are means over slabs of these widths along its axes (mm)."""

    image: sitk.Image
    width_mm: Widths

    @classmethod
    def of(cls, volume: Volume) -> "SlabImage":
        """Return a volume, whose voxels are means over their own size."""
        return cls(to_image(volume), np.array(volume.geometry.spacing_mm))

    def blurred(self, width_mm: Widths) -> "SlabImage":
        """Blur as larger voxels would: a slab of width w has the variance w²/12."""
        image, variance = self.image, (width_mm**2 - self.width_mm**2) / 12
        for axis in np.nonzero(variance > 0.01)[0].tolist():
            blur = sitk.RecursiveGaussianImageFilter()
            blur.SetDirection(axis)
            blur.SetSigma(float(np.sqrt(variance[axis])))
            image = blur.Execute(image)
        return SlabImage(image, np.maximum(width_mm, self.width_mm))

    def coarser(self, spacing_mm: Widths) -> "SlabImage":
        """Resample onto a coarser grid with the same centre."""
        image, old = self.image, np.array(self.image.GetSpacing())
        size = np.maximum(1, np.round(image.GetSize() * old / spacing_mm)).astype(int)
        shift = (np.array(image.GetSize()) - 1) / 2 * old - (size - 1) / 2 * spacing_mm
        origin = np.array(image.GetOrigin()) + _axes(image) @ shift
        grid = (origin.tolist(), spacing_mm.tolist(), image.GetDirection())
        resampled = sitk.Resample(image, size.tolist(), sitk.Transform(), sitk.sitkLinear, *grid)
        return SlabImage(resampled, self.width_mm)


def pyramid(thick: Volume, thin: Volume) -> Iterator[tuple[Level, sitk.Image, sitk.Image]]:
    """Yield both images at every level, the coarsest first; each level is made from the next finer one."""
    coarse, fine = SlabImage.of(thick), SlabImage.of(thin)
    rotation_squared = (_axes(fine.image).T @ _axes(coarse.image)) ** 2
    levels = []
    for level in reversed(LEVELS):
        width = np.maximum(coarse.image.GetSpacing(), level.spacing_mm)
        coarse = coarse.blurred(width).coarser(width)
        grid = np.maximum(fine.image.GetSpacing(), level.spacing_mm / 1.5)
        fine = fine.blurred(np.maximum(np.sqrt(rotation_squared @ width**2), grid)).coarser(grid)
        levels.append((level, coarse.image, fine.image))
    yield from reversed(levels)


def _axes(image: sitk.Image) -> NDArray[np.float64]:
    return np.array(image.GetDirection()).reshape(3, 3)
