"""Converts between volumes and SimpleITK images, and resamples in patient space."""

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.domain.volume import Geometry, Mask, Volume, triple

# With several threads the order of summation, and with it the last digit of every result, varies between runs.
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def to_image(volume: Volume) -> sitk.Image:
    """Return the volume as a SimpleITK image."""
    return _image(volume.voxels, volume.geometry)


def _image(voxels: NDArray[Any], grid: Geometry) -> sitk.Image:
    return _placed(sitk.GetImageFromArray(voxels), grid)


def _placed(image: sitk.Image, grid: Geometry) -> sitk.Image:
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction)
    return image


def from_image(image: sitk.Image) -> Volume:
    """Return a SimpleITK image as a volume."""
    voxels = sitk.GetArrayFromImage(image).astype(np.float32, copy=False)
    geometry = Geometry(voxels.shape, image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    return Volume(voxels, geometry)


def axial(volume: Volume) -> Volume:
    """Permute and flip the axes so that slices are axial (LPS); voxel values do not change."""
    return from_image(sitk.DICOMOrient(to_image(volume), "LPS"))


def isotropic(volume: Volume, spacing_mm: float) -> Volume:
    """Interpolate linearly on cubic voxels of this size; the outer faces of the grid stay where they are."""
    old = volume.geometry
    size = np.maximum(1, np.round(np.array(old.shape[::-1]) * old.spacing_mm / spacing_mm)).astype(int).tolist()
    shift = (spacing_mm - np.array(old.spacing_mm)) / 2
    origin = np.array(old.origin_mm) + np.array(old.direction).reshape(3, 3) @ shift
    grid = Geometry((size[2], size[1], size[0]), (spacing_mm,) * 3, triple(origin), old.direction)
    return resample(volume, grid, sitk.Transform())


def resample(moving: Volume, fixed: Geometry, transform: sitk.Transform, nearest: bool = False) -> Volume:
    """Resample onto the grid `fixed`, with zero outside the moving image; `transform` maps fixed to moving points."""
    interpolator = sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear
    image = to_image(moving)
    return from_image(sitk.Resample(image, _empty(fixed), transform, interpolator, 0.0, sitk.sitkFloat32))


def same_voxels(mask: Mask, grid: Geometry, target: Geometry) -> Mask:
    """Return a mask on a grid with the same voxels, whose axes are permuted or flipped."""
    if grid == target:
        return mask
    image = _image(mask.astype(np.uint8), grid)
    turned = sitk.Resample(image, _empty(target), sitk.Transform(), sitk.sitkNearestNeighbor)
    return np.asarray(sitk.GetArrayFromImage(turned) > 0)


def _empty(grid: Geometry) -> sitk.Image:
    return _placed(sitk.Image(grid.shape[::-1], sitk.sitkUInt8), grid)
