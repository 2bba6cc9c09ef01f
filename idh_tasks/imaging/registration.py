"""Rigid registration to the patient's MPRAGE by mutual information, from coarse to fine.

The coarser image is sampled at its own voxels, and the finer one is blurred to their size. A thick slice is the mean
of the tissue that it covers, so comparing it with a single thin slice would shift the optimum.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.head import bright_region, coarse_head, head_overlap, near_head
from idh_tasks.imaging.itk import to_image
from idh_tasks.imaging.metric import Descent, descend
from idh_tasks.imaging.pyramid import LEVELS, ImagePair, pyramid
from idh_tasks.imaging.registration_controls import FLAWLESS, Controls, measure_controls
from idh_tasks.settings import ImagingSettings

ITERATIONS = 60
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
    controls
        What the images themselves say against it.
    """

    transform: sitk.Transform
    overlap: float
    information: float
    controls: Controls

    def figures(self) -> dict[str, float]:
        """Return all figures by name, for the quality record."""
        return {"overlap": self.overlap, "information": self.information} | self.controls.figures()

    def matrix(self) -> NDArray[np.float64]:
        """Return the transform as a homogeneous 4×4 matrix, LPS in mm."""
        matrix = np.eye(4)
        matrix[:3, 3] = self.transform.TransformPoint((0.0, 0.0, 0.0))
        for axis, unit in enumerate(np.eye(3).tolist()):
            matrix[:3, axis] = np.array(self.transform.TransformPoint(unit)) - matrix[:3, 3]
        return matrix


IDENTITY = Registration(sitk.Transform(3, sitk.sitkIdentity), 1.0, float("inf"), FLAWLESS)
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
    pairs = pyramid(thick, thin)
    try:
        information = [_optimise(pair, transform) for pair in pairs][-1]
        controls = measure_controls(pairs, transform)
    except RuntimeError:
        raise SeriesRejectedError(Code.E_REG_QC, "the registration did not converge") from None
    fixed_to_moving = transform if swapped else transform.GetInverse()
    return Registration(fixed_to_moving, head_overlap(*heads, fixed_to_moving), information, controls)


def check_registration(registration: Registration, settings: ImagingSettings) -> None:
    """Check that the heads overlap, and that no control speaks against the registration.

    Raises
    ------
    SeriesRejectedError
        ``E_REG_QC`` with the first figure that misses its limit, and the limit.
    """
    for reason in _objections(registration, settings):
        raise SeriesRejectedError(Code.E_REG_QC, reason)


def _objections(registration: Registration, settings: ImagingSettings) -> Iterator[str]:
    controls = registration.controls
    if registration.overlap < settings.overlap_floor:
        yield f"the overlap of the heads is {registration.overlap:.2f}, {settings.overlap_floor:g} is needed"
    if controls.second_start_mm > settings.second_start_limit_mm:
        yield f"two starts end {controls.second_start_mm:.1f} mm apart, the limit is {settings.second_start_limit_mm:g}"
    if controls.flip_margin < settings.flip_margin_floor:
        yield (
            f"the margin over the flipped image is {controls.flip_margin:.1%}, "
            f"{settings.flip_margin_floor:.1%} is needed"
        )
    if controls.misfit > settings.misfit_limit:
        yield (
            f"the heads differ in size by {controls.scaling:.1%}, with a misfit of {controls.misfit:.3f}, "
            f"the limit is {settings.misfit_limit:g}"
        )
    if controls.resemblance < settings.resemblance_floor:
        yield f"the resemblance of the heads is {controls.resemblance:.2f}, {settings.resemblance_floor:g} is needed"


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


def _optimise(pair: ImagePair, transform: sitk.Euler3DTransform) -> float:
    """Improve the transform of points of the sampled image to the other one in place; return the information."""
    level = pair.level
    descent = Descent(level.spacing_mm / 2, level.last_step_mm, ITERATIONS, level.samples)
    mask = near_head(bright_region(pair.sampled)) if level is LEVELS[-1] else None
    return descend(pair.sampled, pair.other, transform, descent, mask)
