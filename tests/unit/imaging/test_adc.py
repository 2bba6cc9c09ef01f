"""The fitted ADC equals the one from which the signal was made."""

import numpy as np
import pytest

from idh_tasks.imaging.adc import fit_adc
from tests.factories import cramer_rao, diffusion


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
