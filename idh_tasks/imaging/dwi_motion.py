"""Corrects head movement between the volumes of a diffusion series."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from idh_tasks.domain.volume import Float, Geometry, Series4D, Volume
from idh_tasks.imaging.even_steps import Steps, descend_evenly
from idh_tasks.imaging.itk import from_image, to_image

SMALLEST = (5, 16, 16)
"""Series with fewer slices, rows or columns hold too little to be registered."""
BINS = 32
SAMPLES = 20_000
SEED = 20200
SHRINK, SMOOTHING_MM = (2, 1), (4.0, 2.0)
STEP_MM, LAST_STEP_MM, ITERATIONS = 1.0, 0.01, 60
HEAD_RADIUS_MM = 60.0
"""Distance from the centre at which movement is stated, and that makes rotations comparable with shifts."""
LEAST_MM = 0.5
"""A smaller movement is left as it is: interpolation would blur the image more than it would gain."""


def align_to_lowest_b(dwi: Series4D) -> tuple[Series4D, float]:
    """Register every volume rigidly to that of the lowest b-value.

    Returns
    -------
    tuple
        The series, and the largest movement in mm of a point 60 mm from its centre; not a number if the series is too
        small to be registered.
    """
    aligned, movement_mm = align_to_first(dwi.voxels, dwi.geometry)
    return (dwi if aligned is dwi.voxels else replace(dwi, voxels=aligned)), movement_mm


def align_to_first(volumes: Float, grid: Geometry) -> tuple[Float, float]:
    """Register volumes of shape (n, z, y, x) rigidly to the first; see `align_to_lowest_b`."""
    if any(n < least for n, least in zip(grid.shape, SMALLEST, strict=True)):
        return volumes, float("nan")
    fixed = to_image(Volume(volumes[0], grid))
    aligned, moved_mm = [volumes[0]], [0.0]
    for voxels in volumes[1:]:
        moving = to_image(Volume(voxels, grid))
        transform = _register(fixed, moving, grid.centre().tolist())
        moved_mm.append(_movement_mm(transform, grid))
        aligned.append(_resample(moving, transform) if moved_mm[-1] >= LEAST_MM else voxels)
    return np.stack(aligned), max(moved_mm)


def _register(fixed: sitk.Image, moving: sitk.Image, centre: list[float]) -> sitk.Transform:
    """Return the rigid transform of fixed to moving points; the identity if the optimiser fails."""
    transform = sitk.Euler3DTransform()
    transform.SetCenter(centre)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, SAMPLES / fixed.GetNumberOfPixels()), SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel(SHRINK)
    method.SetSmoothingSigmasPerLevel([width / HEAD_RADIUS_MM for width in SMOOTHING_MM])
    method.SetNumberOfThreads(1)
    descend_evenly(method, (fixed, moving), transform, Steps(STEP_MM, LAST_STEP_MM, ITERATIONS, HEAD_RADIUS_MM))
    return transform


def _movement_mm(transform: sitk.Transform, grid: Geometry) -> float:
    around = HEAD_RADIUS_MM * np.concatenate([np.eye(3), -np.eye(3)]) + grid.centre()
    moved = np.array([transform.TransformPoint(point) for point in around.tolist()])
    return float(np.linalg.norm(moved - around, axis=1).max())


def _resample(moving: sitk.Image, transform: sitk.Transform) -> Float:
    """Resample onto the same grid; beyond its border the outermost voxels are repeated, which a dark rim would not."""
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(moving)
    resampler.SetTransform(transform)
    resampler.SetInterpolator(sitk.sitkLinear)
    resampler.SetUseNearestNeighborExtrapolator(True)
    return from_image(resampler.Execute(moving)).voxels
