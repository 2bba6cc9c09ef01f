"""The fitted ADC equals the one from which the signal was made."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Series4D
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.adc import fit_adc
from tests.factories import cramer_rao, diffusion, geometry


@pytest.mark.parametrize("b_values", [(0.0, 1000.0), (0.0, 500.0, 1000.0), (50.0, 400.0, 800.0)])
def test_a_known_adc_is_fitted_for_any_set_of_b_values(b_values: tuple[float, ...]) -> None:
    np.testing.assert_allclose(fit_adc(diffusion(850.0, b_values)).voxels[:, :24], 850, rtol=1e-4)


def test_the_adc_is_zero_in_voxels_without_signal() -> None:
    dwi = diffusion(850.0, (0.0, 1000.0))
    dwi.voxels[:, :, :4, :] = 1
    assert (fit_adc(dwi).voxels[:, :4, :] == 0).all()


@pytest.mark.parametrize("adc", [700.0, 1500.0, 2500.0, 3000.0])
@pytest.mark.parametrize("noise", [5.0, 20.0, 25.0])
def test_the_fit_is_unbiased_and_its_spread_is_close_to_the_cramer_rao_bound(adc: float, noise: float) -> None:
    b_values = np.array([0.0, 500.0, 1000.0])
    fitted = fit_adc(diffusion(adc, tuple(b_values), noise=noise)).voxels[:, :24]
    assert abs(fitted.mean() / adc - 1) < 0.005
    assert fitted.std() < 1.05 * cramer_rao(adc, b_values, noise)


def test_without_signal_in_the_air_only_the_noise_correction_is_lost() -> None:
    dwi = diffusion(1500.0, (0.0, 500.0, 1000.0), noise=20.0)
    dwi.voxels[:, :, 24:] = 0
    assert abs(fit_adc(dwi).voxels[:, :24].mean() / 1500 - 1) < 0.01


@settings(max_examples=20)
@given(exponent=st.floats(-6, 6))
def test_the_unit_of_the_images_does_not_matter(exponent: float) -> None:
    dwi = diffusion(1100.0, (0.0, 500.0, 1000.0), noise=20.0)
    scaled = replace(dwi, voxels=(dwi.voxels * 10**exponent).astype(np.float32))
    np.testing.assert_allclose(fit_adc(scaled).voxels, fit_adc(dwi).voxels, rtol=1e-3, atol=0.1)


def test_spikes_in_the_image_without_weighting_do_not_hide_the_tissue() -> None:
    dwi = diffusion(850.0, (0.0, 1000.0), noise=10.0)
    dwi.voxels[0, ::2, 4:28:8, ::6] = 1e7
    fitted = fit_adc(dwi).voxels[:, :24]
    assert (fitted > 0).mean() > 0.99
    assert np.median(fitted) == pytest.approx(850, rel=0.01)


@pytest.mark.parametrize("noise", [0.0, 20.0])
def test_bright_fluid_does_not_hide_the_tissue(noise: float) -> None:
    dwi, fluid = diffusion(850.0, (0.0, 1000.0), noise=noise), diffusion(3000.0, (0.0, 1000.0), noise=noise / 4)
    dwi.voxels[:, :, :6] = 4 * fluid.voxels[:, :, :6]
    fitted = fit_adc(dwi).voxels
    assert fitted[:, :6].mean() == pytest.approx(3000, rel=0.02)
    assert fitted[:, 6:24].mean() == pytest.approx(850, rel=0.005)


def test_dark_tissue_is_not_taken_for_air_where_there_is_none() -> None:
    dwi = diffusion(850.0, (0.0, 1000.0))
    filled = replace(dwi, voxels=dwi.voxels[:, :, :24].copy(), geometry=geometry((6, 24, 24)))
    filled.voxels[:, :, :2] *= 0.2
    np.testing.assert_allclose(fit_adc(filled).voxels, 850, rtol=1e-3)


def test_noise_alone_is_no_tissue() -> None:
    fitted = fit_adc(diffusion(850.0, (0.0, 1000.0), noise=100.0)).voxels
    assert (fitted[:, 24:] > 0).mean() < 0.05
    assert (fitted[:, :24] > 0).mean() > 0.99


def test_a_weighted_signal_of_zero_or_less_counts_as_the_largest_adc() -> None:
    dwi = diffusion(850.0, (0.0, 1000.0))
    dwi.voxels[1, :, 2, 2], dwi.voxels[1, :, 3, 3] = 0, -5
    fitted = fit_adc(dwi).voxels
    np.testing.assert_allclose([fitted[:, 2, 2], fitted[:, 3, 3]], 4000, rtol=1e-5)


def test_a_slice_that_was_lost_at_one_b_value_is_refused() -> None:
    dwi = diffusion(850.0, (0.0, 500.0, 1000.0))
    dwi.voxels[2, 3] = 0
    with pytest.raises(SeriesRejectedError) as caught:
        fit_adc(dwi)
    assert caught.value.code is Code.E_EMPTY_IMAGE
    assert "1 slice" in caught.value.reason


def test_an_image_without_signal_is_refused() -> None:
    dwi = diffusion(850.0, (0.0, 1000.0))
    dwi.voxels[0] = 0
    with pytest.raises(SeriesRejectedError) as caught:
        fit_adc(dwi)
    assert caught.value.code is Code.E_EMPTY_IMAGE


@pytest.mark.parametrize(
    "change",
    [
        lambda voxels: voxels[::-1],
        lambda voxels: voxels[[0, 0]],
        lambda voxels: voxels / voxels.max(axis=(1, 2, 3), keepdims=True),
        lambda voxels: voxels / voxels.mean(axis=(1, 2, 3), keepdims=True),
        lambda voxels: voxels * np.array([1, 3])[:, None, None, None],
        lambda voxels: voxels * np.array([1, 1e-3])[:, None, None, None],
    ],
    ids=["swapped", "equal", "scaled to the maximum", "scaled to the mean", "brighter", "darker than fluid"],
)
def test_a_signal_that_does_not_fall_as_by_diffusion_is_refused(change: Callable[[Float], Float]) -> None:
    dwi = diffusion(850.0, (0.0, 1000.0), noise=10.0)
    with pytest.raises(SeriesRejectedError) as caught:
        fit_adc(replace(dwi, voxels=change(dwi.voxels).astype(np.float32)))
    assert caught.value.code is Code.E_ADC_VALUES
    assert re.search("% of the head|the head is brighter at b = 1000 than at b = 0 by", caught.value.reason)


@pytest.mark.parametrize("order", [[1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0]])
def test_exchanged_b_values_are_refused_by_the_rise_of_the_signal(order: list[int]) -> None:
    dwi = diffusion(850.0, (0.0, 500.0, 1000.0), noise=10.0)
    with pytest.raises(SeriesRejectedError, match=r"brighter at b = .*exchanged") as caught:
        fit_adc(replace(dwi, voxels=dwi.voxels[order]))
    assert caught.value.code is Code.E_ADC_VALUES


THICK = 8
"""Enough slices to compare one with the others."""


def layered(b_values: tuple[float, ...]) -> Series4D:
    """Return a diffusion series whose slices have an ADC of 700 to 1150."""
    stacks = [diffusion(700.0 + 50 * z, b_values, noise=10.0) for z in range(THICK + 2)]
    voxels = np.concatenate([one.voxels[:, :1] for one in stacks], axis=1)
    return replace(stacks[0], voxels=voxels, geometry=geometry(voxels.shape[1:]))


@pytest.mark.parametrize("b_values", [(0.0, 1000.0), (0.0, 500.0, 1000.0), (0.0, 700.0, 1400.0, 2100.0)])
def test_slices_may_differ_in_their_adc(b_values: tuple[float, ...]) -> None:
    assert np.median(fit_adc(layered(b_values)).voxels[-1, :24]) == pytest.approx(1150, rel=0.02)


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6])
@pytest.mark.parametrize("b_values", [(0.0, 500.0, 1000.0), (0.0, 700.0, 1400.0, 2100.0)])
def test_a_slice_through_large_ventricles_is_not_refused(b_values: tuple[float, ...], share: float) -> None:
    dwi, fluid = layered(b_values), diffusion(3000.0, b_values, noise=10.0)
    rows = round(24 * share)
    dwi.voxels[:, 3, :rows] = fluid.voxels[:, 0, :rows]
    assert np.median(fit_adc(dwi).voxels[3, rows:24]) == pytest.approx(850, rel=0.05)


@pytest.mark.parametrize("b_values", [(0.0, 500.0, 1000.0), (0.0, 600.0, 1200.0)])
@pytest.mark.parametrize("share", [0.8, 0.9, 1.0])
def test_a_slice_of_fluid_above_the_brain_is_not_refused(b_values: tuple[float, ...], share: float) -> None:
    dwi, fluid = layered(b_values), diffusion(3000.0, b_values, noise=30.0)
    dwi.voxels[:, -1, :24] = share * fluid.voxels[:, 0, :24] + (1 - share) * dwi.voxels[:, -1, :24]
    assert np.median(fit_adc(dwi).voxels[-1, :24]) > 1800


@settings(max_examples=20, deadline=None)
@given(which=st.integers(0, 2), start=st.integers(0, THICK - 1), count=st.integers(1, 3), kept=st.floats(0.01, 0.4))
def test_slices_that_lost_signal_at_one_b_are_refused(which: int, start: int, count: int, kept: float) -> None:
    dwi, kept = layered((0.0, 500.0, 1000.0)), max(kept, 0.2 if which == 0 else 0)  # without b = 0 there is no ADC
    dwi.voxels[which, start : start + count] *= kept
    with pytest.raises(SeriesRejectedError) as caught:
        fit_adc(dwi)
    assert caught.value.code in (Code.E_DWI_VOLUMES, Code.E_EMPTY_IMAGE, Code.E_ADC_VALUES)
