"""The patch shows the tumour on its widest slice, and nothing else."""

import numpy as np
import pytest

from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.patch import Rectangle, cut_patch, widest_rectangle
from tests.factories import ball

SHAPE = (9, 40, 50)
ISOTROPIC = (1.0, 1.0, 1.0)


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
    patch = cut_patch(image, tumour, widest_rectangle(tumour), 64, pad_square, ISOTROPIC)
    assert patch.shape == (64, 64)
    assert patch.dtype == np.float32
    assert patch[0, 0] == 0
    assert patch[32, 32] == pytest.approx(5)


def test_stretching_fills_the_patch_and_padding_keeps_the_aspect_ratio() -> None:
    tumour = np.zeros(SHAPE, dtype=bool)
    tumour[4, 10:20, 5:45] = True
    image, box = np.ones(SHAPE, dtype=np.float32), widest_rectangle(tumour)
    assert (cut_patch(image, tumour, box, 64, pad_square=False, spacing_mm=ISOTROPIC) > 0.5).all()
    padded = cut_patch(image, tumour, box, 64, pad_square=True, spacing_mm=ISOTROPIC)
    assert (padded > 0.5).mean() == pytest.approx(0.25, abs=0.01)


def test_padding_keeps_the_aspect_ratio_in_mm_where_pixels_are_anisotropic() -> None:
    tumour = np.zeros(SHAPE, dtype=bool)
    tumour[4, 10:20, 5:45] = True
    patch = cut_patch(np.ones(SHAPE, dtype=np.float32), tumour, widest_rectangle(tumour), 64, True, (1.0, 4.0, 1.0))
    np.testing.assert_allclose(patch, 1)


@pytest.mark.parametrize("pixels", [20, 64, 100, 127, 200])
def test_a_linear_ramp_stays_a_linear_ramp_of_the_same_height(pixels: int) -> None:
    ramp = np.broadcast_to((np.arange(pixels) + 0.5) / pixels, (1, pixels, pixels)).astype(np.float32)
    tumour = np.ones(ramp.shape, dtype=bool)
    patch = cut_patch(ramp, tumour, widest_rectangle(tumour), 64, False, ISOTROPIC)
    expected = np.broadcast_to((np.arange(64) + 0.5) / 64, (64, 64))
    within = slice(2, -2)  # the outermost pixels are held constant beyond their centre
    np.testing.assert_allclose(patch[:, within], expected[:, within], atol=0.2 / pixels)


@pytest.mark.parametrize("pixels", [96, 128, 160])
def test_a_larger_rectangle_is_averaged_by_area(pixels: int) -> None:
    noise = np.random.default_rng(1).standard_normal((1, pixels, pixels)).astype(np.float32)
    tumour = np.ones(noise.shape, dtype=bool)
    patch = cut_patch(noise, tumour, widest_rectangle(tumour), 64, False, ISOTROPIC)
    assert patch.mean() == pytest.approx(float(noise.mean()), abs=1e-6)
    assert patch.std() < 1.1 * 64 / pixels
    checkerboard = (np.indices((pixels, pixels)).sum(axis=0) % 2).astype(np.float32)[None]
    averaged = cut_patch(checkerboard, tumour, widest_rectangle(tumour), 64, False, ISOTROPIC)
    assert abs(averaged - 0.5).max() < 0.15


def test_a_pixel_at_the_border_shows_which_part_of_it_is_tumour() -> None:
    tumour = np.zeros((1, 128, 128), dtype=bool)
    tumour[0, :, :65] = tumour[0, :2] = True
    patch = cut_patch(
        np.full(tumour.shape, 3, dtype=np.float32), tumour, widest_rectangle(tumour), 64, False, ISOTROPIC
    )
    np.testing.assert_allclose(patch[10, 31:34], [3, 1.5, 0])
