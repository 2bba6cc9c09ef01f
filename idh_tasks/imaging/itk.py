"""Converts between volumes and SimpleITK images, and resamples in patient space."""

import numpy as np
import SimpleITK as sitk

from idh_tasks.domain.volume import Geometry, Mask, Volume

# With several threads the order of summation, and with it the last digit of every result, varies between runs.
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)


def to_image(volume: Volume) -> sitk.Image:
    """Return the volume as a SimpleITK image."""
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing(volume.geometry.spacing_mm)
    image.SetOrigin(volume.geometry.origin_mm)
    image.SetDirection(volume.geometry.direction)
    return image


def from_image(image: sitk.Image) -> Volume:
    """Return a SimpleITK image as a volume."""
    voxels = sitk.GetArrayFromImage(image).astype(np.float32)
    geometry = Geometry(voxels.shape, image.GetSpacing(), image.GetOrigin(), image.GetDirection())
    return Volume(voxels, geometry)


def axial(volume: Volume) -> Volume:
    """Permute and flip the axes so that slices are axial (LPS); voxel values do not change."""
    return oriented(volume, "LPS")


def oriented(volume: Volume, code: str) -> Volume:
    """Permute and flip the axes so that x, y and z run as nearly as possible to the three sides in `code`."""
    return from_image(sitk.DICOMOrient(to_image(volume), code))


def resample(moving: Volume, fixed: Geometry, transform: sitk.Transform, nearest: bool = False) -> Volume:
    """Resample onto the grid `fixed`, with zero outside the moving image; `transform` maps fixed to moving points."""
    reference = sitk.Image(fixed.shape[::-1], sitk.sitkUInt8)
    reference.SetSpacing(fixed.spacing_mm)
    reference.SetOrigin(fixed.origin_mm)
    reference.SetDirection(fixed.direction)
    interpolator = sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear
    return from_image(sitk.Resample(to_image(moving), reference, transform, interpolator, 0.0, sitk.sitkFloat32))


def same_voxels(mask: Mask, grid: Geometry, target: Geometry) -> Mask:
    """Return a mask on a grid with the same voxels, whose axes are permuted or flipped."""
    voxels = Volume(mask.astype(np.float32), grid)
    return np.asarray(resample(voxels, target, sitk.Transform(), nearest=True).voxels > 0.5)
