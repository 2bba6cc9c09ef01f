"""Rigid registration to the patient's MPRAGE by mutual information, coarse to fine."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.itk import from_image, resample, to_image

SEED = 20200
WORKING_SPACING_MM = 2.5


@dataclass(frozen=True)
class Registered:
    """A transform from MPRAGE points to moving points, and how well the heads overlap (Dice)."""

    transform: sitk.Transform
    overlap: float


def _coarse(volume: Volume) -> sitk.Image:
    """Resample to a working resolution; voxels that are finer already stay."""
    image = to_image(volume)
    spacing = [max(WORKING_SPACING_MM, s) for s in image.GetSpacing()]
    size = [
        max(1, round(n * old / new)) for n, old, new in zip(image.GetSize(), image.GetSpacing(), spacing, strict=True)
    ]
    smooth = sitk.SmoothingRecursiveGaussian(image, [s / 2.5 for s in spacing])
    return sitk.Resample(
        smooth, size, sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), spacing, image.GetDirection()
    )


def register(fixed: Volume, moving: Volume) -> Registered:
    """Register rigidly; the same input gives the same transform.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` if the optimiser fails.
    """
    target = _coarse(fixed)
    start = sitk.Euler3DTransform()
    start.SetCenter(fixed.geometry.centre().tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel([0.3, 0.08], SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(2.0, 0.005, 100, 0.5, 1e-8)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([2, 1])
    method.SetSmoothingSigmasPerLevel([2, 0])
    method.SetNumberOfThreads(1)
    method.SetInitialTransform(start, inPlace=False)
    try:
        transform = method.Execute(target, _coarse(moving))
    except RuntimeError:
        raise SeriesRejectedError("E_REG_QC", "registration to MPRAGE did not converge") from None
    return Registered(transform, _overlap(from_image(target), moving, transform))


def head(volume: Volume) -> Mask:
    """Return the voxels that are brighter than the background, with holes filled."""
    image = sitk.SmoothingRecursiveGaussian(to_image(volume), 1.5)
    bright = sitk.Greater(image, 0.5 * _otsu(image))
    return sitk.GetArrayFromImage(sitk.BinaryFillhole(bright)).astype(bool)


def _otsu(image: sitk.Image) -> float:
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.Execute(image)
    return float(otsu.GetThreshold())


def _overlap(fixed: Volume, moving: Volume, transform: sitk.Transform) -> float:
    """Return the Dice of both heads inside the moving image's field of view."""
    covered = resample(
        Volume(np.ones_like(moving.voxels), moving.geometry), fixed.geometry, transform, nearest=True
    ).voxels.astype(bool)
    moved = resample(
        Volume(head(moving).astype(np.float32), moving.geometry), fixed.geometry, transform, nearest=True
    ).voxels.astype(bool)
    still = head(fixed) & covered
    total = int(still.sum()) + int(moved.sum())
    return 2 * int((still & moved).sum()) / total if total else 0.0
