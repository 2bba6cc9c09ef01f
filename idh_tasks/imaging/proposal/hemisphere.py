"""Compares each voxel with its counterpart in the other hemisphere."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.even_steps import Steps, descend_evenly
from idh_tasks.imaging.proposal.grid import MM
from idh_tasks.imaging.proposal.intensities import OUTSIDE, Intensities
from idh_tasks.imaging.proposal.morphology import neighbourhood_maximum

REACH = 4
"""The counterpart is sought within so many voxels, as no head is quite symmetric."""
HEAD_RADIUS_MM = 60.0
MIDLINE_MM = (8.0, 20.0)
"""Near the midline a lesion is its own counterpart; the comparison counts fully beyond the second distance."""


@dataclass(frozen=True)
class Mirror:
    """Brings an image of the working grid to the other side: a reflection, then a rigid transform."""

    shape: tuple[int, ...]
    centre: tuple[float, ...]
    parameters: tuple[float, ...]

    def __call__(self, image: Float) -> Float:
        """Return the image as seen from the other side, `OUTSIDE` where there is nothing."""
        transform = sitk.Euler3DTransform()
        transform.SetCenter(self.centre)
        transform.SetParameters(self.parameters)
        grid = _image(np.zeros(self.shape, dtype=np.float32))
        reflected = _image(image[:, :, ::-1])
        return sitk.GetArrayFromImage(sitk.Resample(reflected, grid, transform, sitk.sitkLinear, OUTSIDE))


def find_mirror(seen: Intensities) -> Mirror:
    """Register the brain to its mirror image by T2."""
    visible = np.clip(seen.t2, -4, 6) * seen.brain
    fixed, moving = (_image(image) for image in (visible, visible[:, :, ::-1]))
    centres = [np.array(ndimage.center_of_mass(m))[::-1] * MM for m in (seen.brain, seen.brain[:, :, ::-1])]
    transform = sitk.Euler3DTransform()
    transform.SetCenter(centres[0].tolist())
    transform.SetTranslation((centres[1] - centres[0]).tolist())
    coarse = [sitk.Shrink(sitk.SmoothingRecursiveGaussian(image, MM), [2, 2, 2]) for image in (fixed, moving)]
    _optimise(coarse[0], coarse[1], transform)
    return Mirror(seen.brain.shape, transform.GetCenter(), transform.GetParameters())


def from_midline_mm(mirror: Mirror, shape: tuple[int, ...]) -> Float:
    """Return the distance from the midline, negative on one side."""
    columns = np.broadcast_to(np.arange(shape[2], dtype=np.float32) * MM, shape)
    return np.asarray((columns - mirror(columns)) / 2, dtype=np.float32)


def off_midline(mirror: Mirror, shape: tuple[int, ...]) -> Float:
    """Return 0 near the midline and 1 far from it, with a ramp between."""
    near, far = MIDLINE_MM
    return np.asarray(np.clip((np.abs(from_midline_mm(mirror, shape)) - near) / (far - near), 0, 1))


def asymmetry(scores: Float, brain: Mask, mirror: Mirror) -> tuple[Float, Float]:
    """Return how far each voxel lies above and below what is near its counterpart and what is usual in a brain."""
    other = mirror(scores)
    lowest = -neighbourhood_maximum(np.where(other < OUTSIDE / 2, OUTSIDE, -other), REACH)
    above = scores - np.maximum(neighbourhood_maximum(other, REACH), 0)
    below = np.minimum(lowest, 0) - scores
    return np.where(brain, above, 0), np.where(brain, below, 0)


def _optimise(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Euler3DTransform) -> None:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsCorrelation()
    method.SetInterpolator(sitk.sitkLinear)
    # With several threads the order of summation, and with it the last digit, would vary.
    method.SetNumberOfThreads(1)
    descend_evenly(method, (fixed, moving), transform, Steps(MM, MM / 40, 60, HEAD_RADIUS_MM))


def _image(array: Float) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(array, dtype=np.float32))
    image.SetSpacing((MM,) * 3)
    return image
