"""Rigid registration to the patient's MPRAGE by mutual information, coarse to fine.

The coarser image is sampled at its own voxels and the finer one is blurred to their size: a thick slice is the
mean of what it covers, and a thin one in its place would move the optimum.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.itk import resample, to_image
from idh_tasks.settings import ImagingSettings

SEED = 20200
BINS = 32
ITERATIONS = 60
HEAD_RADIUS_MM = 45.0
"""A turn by 1/45 rad moves the head as much as a shift by 1 mm: without this scale the descent zigzags."""
MOMENTS_BELOW = 0.5
"""Overlap of the heads at the start under which their centres of mass are brought together first."""


@dataclass(frozen=True)
class Level:
    """Voxels of this size at least, this many samples of them, and the step at which the descent stops."""

    spacing_mm: float
    samples: int
    last_step_mm: float


LEVELS = (Level(8, 30_000, 0.05), Level(4, 40_000, 0.02), Level(2, 60_000, 0.004))


@dataclass(frozen=True)
class Registered:
    """A transform from fixed points to moving points.

    Attributes
    ----------
    overlap
        Dice of the two heads inside the moving image's field of view.
    information
        Mutual information of the images in nats.
    """

    transform: sitk.Transform
    overlap: float
    information: float

    def matrix(self) -> NDArray[np.float64]:
        """Return the transform as a homogeneous 4×4 matrix, LPS in mm."""
        found = np.eye(4)
        found[:3, 3] = self.transform.TransformPoint((0.0, 0.0, 0.0))
        for axis, unit in enumerate(np.eye(3).tolist()):
            found[:3, axis] = np.array(self.transform.TransformPoint(unit)) - found[:3, 3]
        return found


IN_PLACE = Registered(sitk.Transform(3, sitk.sitkIdentity), 1.0, float("inf"))
"""What MPRAGE is to itself."""


def register(fixed: Volume, moving: Volume) -> Registered:
    """Register rigidly; the same input gives the same transform.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` if the optimiser fails.
    """
    swapped = _voxel_mm3(moving) < _voxel_mm3(fixed)
    thin, thick = (moving, fixed) if swapped else (fixed, moving)
    transform = _start(thick, thin)
    try:
        information = [_descend(to_image(thick), to_image(thin), level, transform) for level in LEVELS][-1]
    except RuntimeError:
        raise SeriesRejectedError("E_REG_QC", "the registration did not converge") from None
    found = transform if swapped else transform.GetInverse()
    return Registered(found, _overlap(fixed, moving, found), information)


def gated(found: Registered, settings: ImagingSettings) -> Registered:
    """Return a registration whose heads meet and whose images tell of each other.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` with the figure that is too low.
    """
    if found.overlap < settings.overlap_floor:
        raise SeriesRejectedError("E_REG_QC", f"the heads overlap by {found.overlap:.2f} only")
    if found.information < settings.information_floor:
        raise SeriesRejectedError("E_REG_QC", f"the images share {found.information:.2f} nats only")
    return found


def _voxel_mm3(volume: Volume) -> float:
    return float(np.prod(volume.geometry.spacing_mm))


def _start(thick: Volume, thin: Volume) -> sitk.Euler3DTransform:
    """Trust the scanner's coordinates; where the heads hardly meet, bring their centres of mass together."""
    start = sitk.Euler3DTransform()
    start.SetCenter(thin.geometry.centre().tolist())
    if _overlap(thick, thin, start) < MOMENTS_BELOW:
        centred = sitk.CenteredTransformInitializer(
            to_image(thick), to_image(thin), start, sitk.CenteredTransformInitializerFilter.MOMENTS
        )
        return sitk.Euler3DTransform(centred)
    return start


def _descend(thick: sitk.Image, thin: sitk.Image, level: Level, transform: sitk.Euler3DTransform) -> float:
    """Improve the transform in place from points of the thick image to the thin one; return the information."""
    spacing = np.maximum(thick.GetSpacing(), level.spacing_mm)
    sampled = _coarser(_blurred(thick, spacing), spacing)
    turned = (_axes(thin).T @ _axes(thick)) ** 2
    grid = np.maximum(thin.GetSpacing(), level.spacing_mm / 1.5)
    seen = _coarser(_blurred(thin, np.maximum(np.sqrt(turned @ spacing**2), grid)), grid)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    share = level.samples / sampled.GetNumberOfPixels()
    if share < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(share, SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(level.spacing_mm / 2, level.last_step_mm, ITERATIONS, 0.5, 1e-8)
    method.SetOptimizerScales([HEAD_RADIUS_MM**2] * 3 + [1.0] * 3)
    method.SetNumberOfThreads(1)
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(sampled, seen)
    return -float(method.GetMetricValue())


def _axes(image: sitk.Image) -> NDArray[np.float64]:
    return np.array(image.GetDirection()).reshape(3, 3)


def _blurred(image: sitk.Image, spacing_mm: NDArray[np.float64]) -> sitk.Image:
    """Blur as voxels of this size would: a slab of width w has the variance w²/12."""
    variance = (spacing_mm**2 - np.square(image.GetSpacing())) / 12
    for axis in np.nonzero(variance > 0.01)[0].tolist():
        blur = sitk.RecursiveGaussianImageFilter()
        blur.SetDirection(axis)
        blur.SetSigma(float(np.sqrt(variance[axis])))
        image = blur.Execute(image)
    return image


def _coarser(image: sitk.Image, spacing_mm: NDArray[np.float64]) -> sitk.Image:
    """Resample on a coarser grid about the same centre."""
    old = np.array(image.GetSpacing())
    size = np.maximum(1, np.round(image.GetSize() * old / spacing_mm)).astype(int)
    shift = (np.array(image.GetSize()) - 1) / 2 * old - (size - 1) / 2 * spacing_mm
    origin = np.array(image.GetOrigin()) + _axes(image) @ shift
    return sitk.Resample(
        image,
        size.tolist(),
        sitk.Transform(),
        sitk.sitkLinear,
        origin.tolist(),
        spacing_mm.tolist(),
        image.GetDirection(),
    )


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
