"""A brain mask from MPRAGE by threshold and morphology."""

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.itk import to_image

PEEL_MM = 4.5
CLOSE_MM = 12.0
PLAUSIBLE_ML = (600.0, 2400.0)


def _ball(radius_mm: float, spacing_mm: tuple[float, float, float]) -> list[int]:
    return [max(1, round(radius_mm / spacing)) for spacing in spacing_mm]


def _largest(image: sitk.Image) -> sitk.Image:
    return sitk.Equal(sitk.RelabelComponent(sitk.ConnectedComponent(image)), 1)


def brain_mask(mprage: Volume) -> Mask:
    """Peel the head until the brain stands alone, keep it, and grow it back.

    Raises
    ------
    SeriesRejectedError
        ``E_BRAIN_MASK`` if its volume is not that of a brain.
    """
    image, spacing = to_image(mprage), mprage.geometry.spacing_mm
    smooth = sitk.SmoothingRecursiveGaussian(image, 1.0)
    inside = smooth > 0
    dark = float(np.percentile(mprage.voxels[mprage.voxels > 0], 2))
    otsu = sitk.OtsuMultipleThresholdsImageFilter()
    otsu.SetNumberOfThresholds(2)
    otsu.Execute(smooth)
    tissue = sitk.And(inside, smooth > max(dark, 0.6 * otsu.GetThresholds()[0]))
    core = _largest(sitk.BinaryErode(tissue, _ball(PEEL_MM, spacing)))
    grown = sitk.And(sitk.BinaryDilate(core, _ball(PEEL_MM, spacing)), tissue)
    closed = sitk.BinaryMorphologicalClosing(grown, _ball(CLOSE_MM, spacing))
    mask = ndimage.binary_fill_holes(sitk.GetArrayFromImage(closed).astype(bool))
    _check(mask, spacing)
    return np.asarray(mask)


def _check(mask: Mask, spacing: tuple[float, float, float]) -> None:
    volume_ml = float(mask.sum()) * float(np.prod(spacing)) / 1000
    low, high = PLAUSIBLE_ML
    if not low <= volume_ml <= high:
        raise SeriesRejectedError("E_BRAIN_MASK", f"{volume_ml:.0f} ml is not the volume of a brain")
