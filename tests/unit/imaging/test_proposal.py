"""The outline proposed from T2 and FLAIR marks the lesion, and on real patients it agrees with the expert's."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.proposal import propose_tumour

SHAPE = (40, 60, 60)


def ball(centre: tuple[int, int, int], radius: float) -> Mask:
    """Return the voxels closer to the centre than the radius."""
    distance = sum((axis - c) ** 2 for axis, c in zip(np.indices(SHAPE), centre, strict=True))
    return np.asarray(distance < radius**2)


def dice(first: Mask, second: Mask) -> float:
    """Return the Dice coefficient of two masks."""
    return float(2 * (first & second).sum() / (first.sum() + second.sum()))


def images(lesion: Mask) -> tuple[Float, Float, Mask]:
    """Return T2 and FLAIR with a bright lesion, and the brain."""
    rng = np.random.default_rng(3)
    brain = ball((20, 30, 30), 19)
    noise = 12 * ndimage.gaussian_filter(rng.normal(0, 1, SHAPE), 2) / 0.07
    flair = np.where(lesion, 190, 100) + noise
    t2 = np.where(lesion, 180, 100) + noise
    return (t2 * brain).astype(np.float32), (flair * brain).astype(np.float32), brain


def test_the_lesion_is_marked() -> None:
    lesion = ball((20, 32, 26), 9)
    mask = propose_tumour(*images(lesion), (1.0, 1.0, 1.0))
    assert dice(mask, lesion) > 0.8


def test_the_larger_of_two_lesions_is_marked() -> None:
    large, small = ball((20, 36, 24), 7), ball((20, 20, 40), 3)
    mask = propose_tumour(*images(large | small), (1.0, 1.0, 1.0))
    assert not (mask & small).any()


def test_nothing_is_proposed_if_nothing_stands_out() -> None:
    with pytest.raises(SeriesRejectedError, match="E_NO_ROI"):
        propose_tumour(*images(np.zeros(SHAPE, dtype=bool)), (1.0, 1.0, 1.0))


def test_real_patients_have_a_median_dice_of_080_with_the_experts_whole_tumour(real_data: Path) -> None:
    overlaps = []
    for folder in sorted((real_data / "brats2021").glob("BraTS2021_*")):
        image = sitk.ReadImage(str(folder / f"{folder.name}_flair.nii.gz"), sitk.sitkFloat32)
        t2, expert = (
            sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{folder.name}_{n}.nii.gz"))) for n in ("t2", "seg")
        )
        flair, t2 = sitk.GetArrayFromImage(image), t2.astype(np.float32)
        mask = propose_tumour(t2, flair, t2 > 0, image.GetSpacing())
        overlaps.append(dice(mask, expert > 0))
    assert np.median(overlaps) >= 0.80
