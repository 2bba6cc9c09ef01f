"""Rigid registration to the patient's MPRAGE by mutual information, from coarse to fine.

The coarser image is sampled at its own voxels, and the finer one is blurred to their size. A thick slice is the mean
of the tissue that it covers, so comparing it with a single thin slice would shift the optimum.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.head import bright_region, coarse_head, head_overlap
from idh_tasks.imaging.itk import to_image
from idh_tasks.imaging.pyramid import LEVELS, Level, pyramid
from idh_tasks.settings import ImagingSettings

SEED = 20200
BINS = 32
MARGIN_MM = 8.0
"""Margin around the head inside which samples are drawn at the finest level."""
ITERATIONS = 60
HEAD_RADIUS_MM = 45.0
"""A rotation by 1/45 rad moves the head as much as a shift by 1 mm; without this scale the descent zigzags."""
INITIAL_OVERLAP = 0.5
"""If the heads overlap less than this initially, their centres of mass are aligned first."""


@dataclass(frozen=True)
class Registration:
    """A rigid transform from fixed to moving points, and how well it fits.

    Attributes
    ----------
    overlap
        Dice coefficient of the two heads inside the moving image's field of view.
    information
        Mutual information of the images in nats.
    """

    transform: sitk.Transform
    overlap: float
    information: float

    def matrix(self) -> NDArray[np.float64]:
        """Return the transform as a homogeneous 4×4 matrix, LPS in mm."""
        matrix = np.eye(4)
        matrix[:3, 3] = self.transform.TransformPoint((0.0, 0.0, 0.0))
        for axis, unit in enumerate(np.eye(3).tolist()):
            matrix[:3, axis] = np.array(self.transform.TransformPoint(unit)) - matrix[:3, 3]
        return matrix


IDENTITY = Registration(sitk.Transform(3, sitk.sitkIdentity), 1.0, float("inf"))
"""The registration of the MPRAGE to itself."""


def register(fixed: Volume, moving: Volume) -> Registration:
    """Register rigidly; the same input gives the same transform.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` if the optimiser fails.
    """
    swapped = _voxel_mm3(moving) < _voxel_mm3(fixed)
    thin, thick = (moving, fixed) if swapped else (fixed, moving)
    heads = coarse_head(fixed), coarse_head(moving)
    transform = _initial(thick, thin, overlap=head_overlap(*heads, sitk.Transform()))
    try:
        information = [_optimise(coarse, fine, level, transform) for level, coarse, fine in pyramid(thick, thin)][-1]
    except RuntimeError:
        raise SeriesRejectedError(Code.E_REG_QC, "the registration did not converge") from None
    fixed_to_moving = transform if swapped else transform.GetInverse()
    return Registration(fixed_to_moving, head_overlap(*heads, fixed_to_moving), information)


def check_registration(registration: Registration, settings: ImagingSettings) -> None:
    """Check that the heads overlap and that the images share information.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` with the figure that is too low, and its limit.
    """
    if registration.overlap < settings.overlap_floor:
        raise SeriesRejectedError(
            Code.E_REG_QC,
            f"the overlap of the heads is {registration.overlap:.2f}, {settings.overlap_floor:g} is needed",
        )
    if registration.information < settings.information_floor:
        raise SeriesRejectedError(
            Code.E_REG_QC,
            f"the images share {registration.information:.2f} nats, {settings.information_floor:g} are needed",
        )


def _voxel_mm3(volume: Volume) -> float:
    return float(np.prod(volume.geometry.spacing_mm))


def _initial(thick: Volume, thin: Volume, *, overlap: float) -> sitk.Euler3DTransform:
    """Start from the scanner's coordinates, or from aligned centres of mass if the heads hardly overlap."""
    start = sitk.Euler3DTransform()
    start.SetCenter(thin.geometry.centre().tolist())
    if overlap >= INITIAL_OVERLAP:
        return start
    moments = sitk.CenteredTransformInitializerFilter.MOMENTS
    return sitk.Euler3DTransform(sitk.CenteredTransformInitializer(to_image(thick), to_image(thin), start, moments))


def _optimise(sampled: sitk.Image, other: sitk.Image, level: Level, transform: sitk.Euler3DTransform) -> float:
    """Improve the transform of points of the sampled image to the other one in place; return the information."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    fraction = level.samples / sampled.GetNumberOfPixels()
    if fraction < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(fraction, SEED)
    if level is LEVELS[-1]:
        # At coarse levels the border of the head and smooth gradients guide the descent; here they only cost time.
        method.SetMetricFixedMask(_near_head(sampled))
        method.SetMetricUseFixedImageGradientFilter(False)
        method.SetMetricUseMovingImageGradientFilter(False)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(level.spacing_mm / 2, level.last_step_mm, ITERATIONS, 0.5, 1e-8)
    method.SetOptimizerScales([HEAD_RADIUS_MM**2] * 3 + [1.0] * 3)
    # With several threads the order of summation, and with it the last digit, would vary.
    method.SetNumberOfThreads(1)
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(sampled, other)
    return -float(method.GetMetricValue())


def _near_head(image: sitk.Image) -> sitk.Image:
    """Return the head with a margin: farther out there is only noise, which costs time and adds no information."""
    reach = [max(1, round(MARGIN_MM / spacing)) for spacing in image.GetSpacing()]
    return sitk.BinaryDilate(bright_region(image), reach)
