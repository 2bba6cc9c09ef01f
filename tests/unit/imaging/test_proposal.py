"""An outline proposed from T2 and FLAIR: the bright lesion, not the noise; on real patients beside the expert's."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.proposal import propose_tumour

SHAPE = (40, 60, 60)


def ball(centre: tuple[int, int, int], radius: float) -> np.ndarray:
    grid = np.indices(SHAPE)
    return sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) < radius**2


def images(lesion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    brain = ball((20, 30, 30), 19)
    noise = 12 * ndimage.gaussian_filter(rng.normal(0, 1, SHAPE), 2) / 0.07
    flair = np.where(lesion, 190, 100) + noise
    t2 = np.where(lesion, 180, 100) + noise
    return (t2 * brain).astype(np.float32), (flair * brain).astype(np.float32), brain


def test_the_lesion_is_found() -> None:
    lesion = ball((20, 32, 26), 9)
    found = propose_tumour(*images(lesion), (1.0, 1.0, 1.0))
    assert 2 * (found & lesion).sum() / (found.sum() + lesion.sum()) > 0.8


def test_the_larger_of_two_is_taken() -> None:
    large, small = ball((20, 36, 24), 7), ball((20, 20, 40), 3)
    found = propose_tumour(*images(large | small), (1.0, 1.0, 1.0))
    assert not (found & small).any()


def test_nothing_is_proposed_where_nothing_stands_out() -> None:
    with pytest.raises(SeriesRejectedError, match="E_NO_ROI"):
        propose_tumour(*images(np.zeros(SHAPE, dtype=bool)), (1.0, 1.0, 1.0))


def test_real_patients_have_a_median_dice_of_080_with_the_experts_whole_tumour(real_data: Path) -> None:
    dice = []
    for folder in sorted((real_data / "brats2021").glob("BraTS2021_*")):
        image = sitk.ReadImage(str(folder / f"{folder.name}_flair.nii.gz"), sitk.sitkFloat32)
        t2, expert = (
            sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{folder.name}_{n}.nii.gz"))) for n in ("t2", "seg")
        )
        flair, t2 = sitk.GetArrayFromImage(image), t2.astype(np.float32)
        found = propose_tumour(t2, flair, t2 > 0, image.GetSpacing())
        dice.append(2 * (found & (expert > 0)).sum() / (found.sum() + (expert > 0).sum()))
    assert np.median(dice) >= 0.80
