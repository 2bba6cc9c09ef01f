"""The patch shows the tumour on its widest slice, and nothing else."""

import numpy as np
import pytest

from idh_tasks.errors import SeriesRejectedError, StudyQuarantinedError
from idh_tasks.imaging.normalise import brain_zscore, tumour_mean
from idh_tasks.imaging.patch import Rectangle, cut_patch, widest_rectangle
from tests.factories import ball

SHAPE = (9, 40, 50)


def test_the_widest_slice_is_chosen_and_the_lowest_of_equal_ones() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[3, 10:20, 5:15] = mask[6, 10:20, 5:15] = True
    mask[5, 10:19, 5:15] = True
    assert widest_rectangle(mask) == Rectangle(3, 10, 20, 5, 15)


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(StudyQuarantinedError):
        widest_rectangle(np.zeros(SHAPE, dtype=bool))


@pytest.mark.parametrize("pad_square", [False, True])
def test_a_patch_is_64_by_64_and_zero_outside_the_tumour(pad_square: bool) -> None:
    tumour = ball(SHAPE, 8)
    image = np.full(SHAPE, 5, dtype=np.float32)
    patch = cut_patch(image, tumour, widest_rectangle(tumour), 64, pad_square)
    assert patch.shape == (64, 64)
    assert patch.dtype == np.float32
    assert patch[0, 0] == 0
    assert patch[32, 32] == pytest.approx(5)


def test_stretching_fills_the_patch_and_padding_keeps_the_aspect_ratio() -> None:
    tumour = np.zeros(SHAPE, dtype=bool)
    tumour[4, 10:20, 5:45] = True
    image, box = np.ones(SHAPE, dtype=np.float32), widest_rectangle(tumour)
    assert (cut_patch(image, tumour, box, 64, pad_square=False) > 0.5).all()
    assert (cut_patch(image, tumour, box, 64, pad_square=True) > 0.5).mean() == pytest.approx(0.25, abs=0.05)


def test_brain_zscore_does_not_depend_on_scale_and_offset() -> None:
    rng = np.random.default_rng(1)
    image, brain = rng.normal(100, 10, SHAPE).astype(np.float32), ball(SHAPE, 4)
    np.testing.assert_allclose(brain_zscore(3 * image + 50, brain), brain_zscore(image, brain), atol=1e-3)
    assert np.median(brain_zscore(image, brain)[brain]) == pytest.approx(0, abs=1e-6)


def test_tumour_mean_scales_the_mean_of_the_tumour_to_one() -> None:
    image, tumour = np.full(SHAPE, 7, dtype=np.float32), ball(SHAPE, 4)
    assert tumour_mean(image, tumour)[tumour].mean() == pytest.approx(1)


def test_an_image_without_contrast_or_signal_is_rejected() -> None:
    flat, mask = np.zeros(SHAPE, dtype=np.float32), ball(SHAPE, 4)
    for normalise in (brain_zscore, tumour_mean):
        with pytest.raises(SeriesRejectedError):
            normalise(flat, mask)
