"""A gradient descent whose steps are bounded by how far they move the head, whether they shift, rotate or stretch it.

ITK bounds the length of a step over all parameters alike. With shifts in mm, a step of 2 mm may be a rotation of 2 rad
where only a rotation is left to correct; scales of the parameters change the direction of a step, but not this bound.
So lengths are stated in radii of the head during the descent.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import SimpleITK as sitk

MovableTransform: TypeAlias = sitk.Euler3DTransform | sitk.AffineTransform
RELAXATION, LEAST_GRADIENT = 0.5, 1e-8


@dataclass(frozen=True)
class Steps:
    """First and last step in mm, largest number of steps, and the radius at which a rotation is as long as a shift."""

    first_mm: float
    last_mm: float
    count: int
    radius_mm: float


def descend_evenly(
    method: sitk.ImageRegistrationMethod,
    images: tuple[sitk.Image, sitk.Image],
    transform: MovableTransform,
    steps: Steps,
    mask: sitk.Image | None = None,
) -> None:
    """Improve a transform of points of the first image to the second one in place.

    Parameters
    ----------
    method
        With its metric, samples and levels; widths of its filters are in radii.
    mask
        Samples are drawn here only.

    Raises
    ------
    RuntimeError
        If too few samples lie inside the second image; the transform is undefined then.
    """
    radius = steps.radius_mm
    if mask is not None:
        method.SetMetricFixedMask(_in_radii(mask, radius))
    first, last = steps.first_mm / radius, steps.last_mm / radius
    method.SetOptimizerAsRegularStepGradientDescent(first, last, steps.count, RELAXATION, LEAST_GRADIENT)
    _divide_lengths(transform, radius)
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(*(_in_radii(image, radius) for image in images))
    _divide_lengths(transform, 1 / radius)


def _in_radii(image: sitk.Image, radius_mm: float) -> sitk.Image:
    scaled = sitk.Image(image)
    scaled.SetSpacing(np.divide(image.GetSpacing(), radius_mm).tolist())
    scaled.SetOrigin(np.divide(image.GetOrigin(), radius_mm).tolist())
    return scaled


def _divide_lengths(transform: MovableTransform, by: float) -> None:
    transform.SetCenter(np.divide(transform.GetCenter(), by).tolist())
    transform.SetTranslation(np.divide(transform.GetTranslation(), by).tolist())
