"""The ADC is that of the signal, in 10⁻⁶ mm²/s."""

import numpy as np
import pytest

from idh_tasks.imaging.adc import fit_adc
from tests.factories import cramer_rao, diffusion


@pytest.mark.parametrize("b_values", [(0.0, 1000.0), (0.0, 500.0, 1000.0), (50.0, 400.0, 800.0)])
def test_a_known_adc_is_found_whatever_the_b_values(b_values: tuple[float, ...]) -> None:
    np.testing.assert_allclose(fit_adc(diffusion(850.0, b_values)).voxels[:, :24], 850, rtol=1e-4)


def test_where_there_is_no_signal_the_adc_is_zero() -> None:
    dwi = diffusion(850.0, (0.0, 1000.0))
    dwi.voxels[:, :, :4, :] = 1
    assert (fit_adc(dwi).voxels[:, :4, :] == 0).all()


@pytest.mark.parametrize("adc", [700.0, 1500.0, 2500.0, 3000.0])
@pytest.mark.parametrize("noise", [5.0, 20.0, 25.0])
def test_the_spread_is_that_of_the_cramer_rao_bound_and_the_mean_is_right(adc: float, noise: float) -> None:
    b_values = np.array([0.0, 500.0, 1000.0])
    fitted = fit_adc(diffusion(adc, tuple(b_values), noise=noise)).voxels[:, :24]
    assert abs(fitted.mean() / adc - 1) < 0.005
    assert fitted.std() < 1.05 * cramer_rao(adc, b_values, noise)


def test_a_scanner_that_blanks_the_air_costs_the_correction_and_nothing_else() -> None:
    dwi = diffusion(1500.0, (0.0, 500.0, 1000.0), noise=20.0)
    dwi.voxels[:, :, 24:] = 0
    assert abs(fit_adc(dwi).voxels[:, :24].mean() / 1500 - 1) < 0.01
