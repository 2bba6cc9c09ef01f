"""Mutual information of two images, and the descent by which a transform improves it."""

from dataclasses import dataclass

import SimpleITK as sitk

from idh_tasks.imaging.even_steps import MovableTransform, Steps, descend_evenly

SEED = 20200
BINS = 32
HEAD_RADIUS_MM = 45.0
"""A rotation by 1/45 rad moves the head as much as a shift by 1 mm; without this unit the descent zigzags."""


@dataclass(frozen=True)
class Descent:
    """First and last step in mm, largest number of steps, and number and seed of the samples."""

    first_step_mm: float
    last_step_mm: float
    iterations: int
    samples: int
    seed: int = SEED


def descend(
    sampled: sitk.Image,
    other: sitk.Image,
    transform: MovableTransform,
    descent: Descent,
    mask: sitk.Image | None = None,
) -> float:
    """Improve a transform of points of the sampled image to the other one in place; return the information in nats.

    Parameters
    ----------
    transform
        Rigid with three angles, or affine.
    mask
        Samples are drawn here only. Far from the head, its border and smooth gradients guide the descent; near it they
        only cost time.

    Raises
    ------
    RuntimeError
        If too few samples lie inside the other image.
    """
    method = _metric(sampled, descent.samples, descent.seed)
    if mask is not None:
        method.SetMetricUseFixedImageGradientFilter(False)
        method.SetMetricUseMovingImageGradientFilter(False)
    steps = Steps(descent.first_step_mm, descent.last_step_mm, descent.iterations, HEAD_RADIUS_MM)
    descend_evenly(method, (sampled, other), transform, steps, mask)
    return -float(method.GetMetricValue())


def information(sampled: sitk.Image, other: sitk.Image, transform: sitk.Transform, mask: sitk.Image) -> float:
    """Return the mutual information in nats over all voxels of the sampled image inside a mask.

    Raises
    ------
    RuntimeError
        If too few voxels lie inside the other image.
    """
    method = _metric(sampled, sampled.GetNumberOfPixels(), SEED)
    method.SetMetricFixedMask(mask)
    method.SetMetricUseFixedImageGradientFilter(False)
    method.SetMetricUseMovingImageGradientFilter(False)
    method.SetInitialTransform(transform)
    return -float(method.MetricEvaluate(sampled, other))


def _metric(sampled: sitk.Image, samples: int, seed: int) -> sitk.ImageRegistrationMethod:
    """Return the metric (Mattes et al., IEEE TMI 2003) at random voxels of the sampled image."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    fraction = samples / sampled.GetNumberOfPixels()
    if fraction < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(fraction, seed)
    method.SetInterpolator(sitk.sitkLinear)
    # With several threads the order of summation, and with it the last digit, would vary.
    method.SetNumberOfThreads(1)
    return method
