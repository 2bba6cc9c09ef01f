"""The head in an image, and how well two heads overlap."""

import numpy as np
import SimpleITK as sitk

from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.imaging.itk import resample, to_image
from idh_tasks.imaging.pyramid import SlabImage

SPACING_MM = 3.0
"""Voxel size at which the overlap of two heads is measured."""
MARGIN_MM = 8.0
"""Margin around the head inside which samples of a registration are drawn."""


def head_mask(volume: Volume) -> Mask:
    """Return the voxels that are brighter than the background, with holes filled."""
    return sitk.GetArrayFromImage(bright_region(to_image(volume))).astype(bool)


def bright_region(image: sitk.Image) -> sitk.Image:
    """Return a mask of the voxels above half of Otsu's threshold, with holes filled."""
    smooth = sitk.SmoothingRecursiveGaussian(image, 1.5)
    return sitk.BinaryFillhole(sitk.Greater(smooth, 0.5 * _otsu_threshold(smooth)))


def near_head(head: sitk.Image) -> sitk.Image:
    """Return a head with a margin: farther out there is only noise, which costs time and adds no information."""
    return sitk.BinaryDilate(head, [max(1, round(MARGIN_MM / spacing)) for spacing in head.GetSpacing()])


def _otsu_threshold(image: sitk.Image) -> float:
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.Execute(image)
    return float(otsu.GetThreshold())


def coarse_head(volume: Volume) -> Volume:
    """Return the head mask as 0 and 1, on voxels of 3 mm or larger."""
    spacing = np.maximum(volume.geometry.spacing_mm, SPACING_MM)
    coarse = SlabImage.of(volume).coarser(spacing).volume
    return Volume(head_mask(coarse).astype(np.float32), coarse.geometry)


def head_overlap(fixed: Volume, moving: Volume, transform: sitk.Transform) -> float:
    """Return the Dice coefficient of two head masks inside the field of view of the moving one."""
    ones = Volume(np.ones_like(moving.voxels), moving.geometry)
    covered = resample(ones, fixed.geometry, transform, nearest=True).voxels > 0
    moved = resample(moving, fixed.geometry, transform, nearest=True).voxels > 0
    inside = (fixed.voxels > 0) & covered
    total = int(inside.sum()) + int(moved.sum())
    return 2 * int((inside & moved).sum()) / total if total else 0.0
