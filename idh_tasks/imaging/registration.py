"""Rigid registration to the patient's MPRAGE by mutual information, coarse to fine.

The coarser image is sampled at its own voxels and the finer one is blurred to their size: a thick slice is the
mean of what it covers, and a thin one in its place would move the optimum.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.itk import from_image, resample, to_image
from idh_tasks.settings import ImagingSettings

Widths = NDArray[np.float64]

SEED = 20200
BINS = 32
MARGIN_MM = 8.0
HEAD_MM = 3.0
"""Voxels on which heads are compared."""
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


LEVELS = (Level(8, 20_000, 0.05), Level(4, 30_000, 0.02), Level(2, 45_000, 0.01))


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
    still, other = _coarse_head(fixed), _coarse_head(moving)
    transform = _start(thick, thin, meet=_overlap(still, other, sitk.Transform()) >= MOMENTS_BELOW)
    try:
        steps = _pyramid(_seen(thick), _seen(thin))
        information = [_descend(one.image, other.image, level, transform) for level, one, other in steps][-1]
    except RuntimeError:
        raise SeriesRejectedError(Code.E_REG_QC, "the registration did not converge") from None
    found = transform if swapped else transform.GetInverse()
    return Registered(found, _overlap(still, other, found), information)


def gated(found: Registered, settings: ImagingSettings) -> Registered:
    """Return a registration whose heads meet and whose images tell of each other.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` with the figure that is too low.
    """
    if found.overlap < settings.overlap_floor:
        raise SeriesRejectedError(Code.E_REG_QC, f"the heads overlap by {found.overlap:.2f} only")
    if found.information < settings.information_floor:
        raise SeriesRejectedError(Code.E_REG_QC, f"the images share {found.information:.2f} nats only")
    return found


def _voxel_mm3(volume: Volume) -> float:
    return float(np.prod(volume.geometry.spacing_mm))


def _start(thick: Volume, thin: Volume, *, meet: bool) -> sitk.Euler3DTransform:
    """Trust the scanner's coordinates; where the heads hardly meet, bring their centres of mass together."""
    start = sitk.Euler3DTransform()
    start.SetCenter(thin.geometry.centre().tolist())
    if meet:
        return start
    moments = sitk.CenteredTransformInitializerFilter.MOMENTS
    return sitk.Euler3DTransform(sitk.CenteredTransformInitializer(to_image(thick), to_image(thin), start, moments))


@dataclass(frozen=True)
class Seen:
    """An image whose voxels are means over slabs of these widths along its axes (mm)."""

    image: sitk.Image
    width_mm: Widths

    def blurred(self, width_mm: Widths) -> "Seen":
        """Blur as larger voxels would: a slab of width w has the variance w²/12."""
        image, variance = self.image, (width_mm**2 - self.width_mm**2) / 12
        for axis in np.nonzero(variance > 0.01)[0].tolist():
            blur = sitk.RecursiveGaussianImageFilter()
            blur.SetDirection(axis)
            blur.SetSigma(float(np.sqrt(variance[axis])))
            image = blur.Execute(image)
        return Seen(image, np.maximum(width_mm, self.width_mm))

    def coarser(self, spacing_mm: Widths) -> "Seen":
        """Resample on a coarser grid about the same centre."""
        image, old = self.image, np.array(self.image.GetSpacing())
        size = np.maximum(1, np.round(image.GetSize() * old / spacing_mm)).astype(int)
        shift = (np.array(image.GetSize()) - 1) / 2 * old - (size - 1) / 2 * spacing_mm
        origin = np.array(image.GetOrigin()) + _axes(image) @ shift
        grid = (origin.tolist(), spacing_mm.tolist(), image.GetDirection())
        return Seen(sitk.Resample(image, size.tolist(), sitk.Transform(), sitk.sitkLinear, *grid), self.width_mm)


def _seen(volume: Volume) -> Seen:
    return Seen(to_image(volume), np.array(volume.geometry.spacing_mm))


def _pyramid(thick: Seen, thin: Seen) -> Iterator[tuple[Level, Seen, Seen]]:
    """Yield both images at every level, the coarsest first; each is made of the next finer one."""
    turned = (_axes(thin.image).T @ _axes(thick.image)) ** 2
    levels = []
    for level in reversed(LEVELS):
        width = np.maximum(thick.image.GetSpacing(), level.spacing_mm)
        thick = thick.blurred(width).coarser(width)
        grid = np.maximum(thin.image.GetSpacing(), level.spacing_mm / 1.5)
        thin = thin.blurred(np.maximum(np.sqrt(turned @ width**2), grid)).coarser(grid)
        levels.append((level, thick, thin))
    yield from reversed(levels)


def _descend(sampled: sitk.Image, seen: sitk.Image, level: Level, transform: sitk.Euler3DTransform) -> float:
    """Improve the transform in place from points of the sampled image to the other; return the information."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    share = level.samples / sampled.GetNumberOfPixels()
    if share < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(share, SEED)
    if level is LEVELS[-1]:
        # From afar the border of the head and smooth gradients show the way; near the goal both only cost time.
        method.SetMetricFixedMask(_near_head(sampled))
        method.SetMetricUseFixedImageGradientFilter(False)
        method.SetMetricUseMovingImageGradientFilter(False)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(level.spacing_mm / 2, level.last_step_mm, ITERATIONS, 0.5, 1e-8)
    method.SetOptimizerScales([HEAD_RADIUS_MM**2] * 3 + [1.0] * 3)
    # The order of sums, and with it the last digit, would follow the number of threads.
    method.SetNumberOfThreads(1)
    method.SetInitialTransform(transform, inPlace=True)
    method.Execute(sampled, seen)
    return -float(method.GetMetricValue())


def _near_head(image: sitk.Image) -> sitk.Image:
    """Mark the head with a margin: far outside of it there is only noise, which tells nothing and costs time."""
    reach = [max(1, round(MARGIN_MM / spacing)) for spacing in image.GetSpacing()]
    return sitk.BinaryDilate(_bright(image), reach)


def _axes(image: sitk.Image) -> NDArray[np.float64]:
    return np.array(image.GetDirection()).reshape(3, 3)


def head(volume: Volume) -> Mask:
    """Return the voxels that are brighter than the background, with holes filled."""
    return sitk.GetArrayFromImage(_bright(to_image(volume))).astype(bool)


def _bright(image: sitk.Image) -> sitk.Image:
    smooth = sitk.SmoothingRecursiveGaussian(image, 1.5)
    return sitk.BinaryFillhole(sitk.Greater(smooth, 0.5 * _otsu(smooth)))


def _otsu(image: sitk.Image) -> float:
    otsu = sitk.OtsuThresholdImageFilter()
    otsu.Execute(image)
    return float(otsu.GetThreshold())


def _overlap(still: Volume, other: Volume, transform: sitk.Transform) -> float:
    """Return the Dice of two heads inside the field of view of the second."""
    ones = Volume(np.ones_like(other.voxels), other.geometry)
    covered = resample(ones, still.geometry, transform, nearest=True).voxels > 0
    moved = resample(other, still.geometry, transform, nearest=True).voxels > 0
    inside = (still.voxels > 0) & covered
    total = int(inside.sum()) + int(moved.sum())
    return 2 * int((inside & moved).sum()) / total if total else 0.0


def _coarse_head(volume: Volume) -> Volume:
    """Return the head on voxels that are fine enough to compare heads on."""
    spacing = np.maximum(volume.geometry.spacing_mm, HEAD_MM)
    coarse = from_image(_seen(volume).coarser(spacing).image)
    return Volume(head(coarse).astype(np.float32), coarse.geometry)
