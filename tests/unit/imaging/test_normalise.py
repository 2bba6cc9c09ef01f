"""Normalised values depend on the tissue, never on the unit of the image."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.normalise import absolute_adc, brain_zscore, tumour_mean
from tests.factories import ball

SHAPE = (9, 20, 22)
BRAIN = ball(SHAPE, 6)
IMAGE = np.random.default_rng(1).normal(100, 10, SHAPE).astype(np.float32)
Normalise = Callable[[Float, Mask], Float]
BOTH = pytest.mark.parametrize("normalise", [brain_zscore, tumour_mean])


@BOTH
@given(exponent=st.floats(-6, 6))
def test_the_unit_of_the_image_does_not_matter(normalise: Normalise, exponent: float) -> None:
    scaled = (IMAGE * 10**exponent).astype(np.float32)
    np.testing.assert_allclose(normalise(scaled, BRAIN), normalise(IMAGE, BRAIN), rtol=1e-4, atol=1e-5)


def test_brain_zscore_does_not_depend_on_an_offset() -> None:
    np.testing.assert_allclose(brain_zscore(3 * IMAGE + 50, BRAIN), brain_zscore(IMAGE, BRAIN), atol=1e-3)
    assert np.median(brain_zscore(IMAGE, BRAIN)[BRAIN]) == pytest.approx(0, abs=1e-6)


def test_background_inside_the_brain_mask_does_not_change_the_zscore() -> None:
    wide = ball(SHAPE, 7)
    image = np.where(BRAIN, IMAGE, 0).astype(np.float32)
    np.testing.assert_allclose(brain_zscore(image, wide)[BRAIN], brain_zscore(image, BRAIN)[BRAIN], atol=1e-5)


def test_tumour_mean_scales_the_mean_of_the_tumour_to_one() -> None:
    assert tumour_mean(IMAGE, BRAIN)[BRAIN].mean() == pytest.approx(1)


@BOTH
def test_an_image_without_signal_is_rejected(normalise: Normalise) -> None:
    with pytest.raises(SeriesRejectedError) as caught:
        normalise(np.zeros(SHAPE, dtype=np.float32), BRAIN)
    assert caught.value.code is Code.E_EMPTY_IMAGE


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_spread_of_rounding_errors_only_is_no_contrast(unit: float) -> None:
    rounded = np.where(IMAGE > 100, np.float32(unit), np.nextafter(np.float32(unit), np.float32(2 * unit)))
    with pytest.raises(SeriesRejectedError) as caught:
        brain_zscore(rounded, BRAIN)
    assert caught.value.code is Code.E_EMPTY_IMAGE


def test_an_image_that_lacks_most_of_the_brain_is_rejected() -> None:
    half = IMAGE.copy()
    half[:5] = 0
    with pytest.raises(SeriesRejectedError) as caught:
        brain_zscore(half, BRAIN)
    assert caught.value.code is Code.E_EMPTY_IMAGE


def test_an_absolute_adc_is_in_thousandths_of_mm2_per_s() -> None:
    np.testing.assert_allclose(absolute_adc(np.array([0, 850, 3000], dtype=np.float32)), np.array([0, 0.85, 3.0]))
