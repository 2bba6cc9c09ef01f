"""rCBV equals the planted blood volume, whatever the unit, the arrival of the bolus, leakage and transients."""

from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion import compute_rcbv
from tests.perfusion_series import INSIDE, WHITE, Planted, tumour_to_white


@pytest.mark.parametrize("cbv", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("leakage", [-0.04, 0.0, 0.06])
def test_the_planted_blood_volume_and_leakage_are_recovered(cbv: float, leakage: float) -> None:
    perfusion = compute_rcbv(Planted(cbv=cbv, leakage=leakage).series())
    assert tumour_to_white(perfusion) == pytest.approx(cbv, rel=0.03)
    assert perfusion.k2.voxels[INSIDE].mean() == pytest.approx(leakage, abs=0.003)


def test_leakage_would_hide_blood_volume_without_the_correction() -> None:
    series = Planted(leakage=0.06).series()
    assert tumour_to_white(compute_rcbv(series, leakage=False)) < 2.6
    assert tumour_to_white(compute_rcbv(series)) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("step_s", [0.8, 1.5, 3.0])
@pytest.mark.parametrize("delay_s", [-1.5, 0.0, 2.0, 5.0, 8.0])
@pytest.mark.parametrize("dispersion_s", [0.0, 3.0])
def test_a_late_and_dispersed_bolus_changes_rcbv_by_less_than_a_twentieth(
    step_s: float, delay_s: float, dispersion_s: float
) -> None:
    planted = Planted(delay_s=delay_s, dispersion_s=dispersion_s, step_s=step_s, count=int(75 / step_s))
    for leakage in (-0.04, 0.0, 0.04):
        assert tumour_to_white(compute_rcbv(replace(planted, leakage=leakage).series())) == pytest.approx(3, rel=0.05)


def test_noise_does_not_undo_the_measurement_of_the_arrival() -> None:
    for delay_s in (0.0, 5.0):
        assert tumour_to_white(compute_rcbv(Planted(delay_s=delay_s, noise=0.02).series())) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("factor", [1 / 800, 1e-6, 1000.0])
def test_the_unit_of_the_signal_does_not_matter(factor: float) -> None:
    series = Planted(noise=0.01).series()
    scaled = replace(series, voxels=series.voxels * np.float32(factor))
    assert compute_rcbv(scaled).rcbv.voxels == pytest.approx(compute_rcbv(series).rcbv.voxels, abs=1e-3)


@pytest.mark.parametrize("transient", [(1.5,), (1.5, 1.2), (1.6, 1.25, 1.08), (0.4,)])
def test_leading_volumes_are_left_out_and_counted(transient: tuple[float, ...]) -> None:
    series = Planted(noise=0.01).series()
    for number, factor in enumerate(transient):
        series.voxels[number] *= factor
    perfusion = compute_rcbv(series)
    assert perfusion.figures["leading_volumes"] == len(transient)
    assert tumour_to_white(perfusion) == pytest.approx(3, abs=0.1)
    assert perfusion.before_bolus.voxels[WHITE].mean() == pytest.approx(800, rel=0.01)


def test_zero_and_negative_signals_become_no_infinite_blood_volume() -> None:
    series = Planted(cbv=40).series()
    series.voxels[:, :, 22, 8] = 0
    series.voxels[14, :, 24, 8] = -5
    perfusion = compute_rcbv(series)
    assert np.isfinite(perfusion.rcbv.voxels).all()
    assert np.isfinite(perfusion.k2.voxels).all()
    assert perfusion.rcbv.voxels[0, 22, 8] == 0


def test_two_echoes_are_free_of_t1_effects_without_any_model_of_leakage() -> None:
    planted = Planted(enhancement=0.04)
    short, long = planted.series(), replace(planted, echo_time_ms=60.0).series()
    assert tumour_to_white(compute_rcbv(short, leakage=False)) < 2.5
    both = compute_rcbv((short, long), leakage=False)
    assert tumour_to_white(both) == pytest.approx(3, abs=0.05)
    assert both.figures["echoes"] == 2


def test_echoes_that_contradict_each_other_are_not_combined() -> None:
    long = Planted(echo_time_ms=60.0).series()
    flat = replace(Planted(noise=0.05, cbv=0, arrival_s=500).series(), echo_time_ms=59.0)
    flat.voxels[:] = flat.voxels + 4 * (long.voxels - long.voxels[:1])
    assert tumour_to_white(compute_rcbv((flat, long))) == pytest.approx(3, abs=0.1)


def test_the_drift_of_a_baseline_is_measured_and_that_of_a_steady_one_is_small() -> None:
    steady = Planted().series()
    drift = 1 - 0.0025 * np.arange(50, dtype=np.float32)
    drifting = replace(steady, voxels=steady.voxels * drift[:, None, None, None])
    assert compute_rcbv(steady).drift < 0.02
    assert compute_rcbv(drifting).drift > 0.08


def test_unequal_or_missing_times_are_refused() -> None:
    series = Planted().series()
    for faulty in (
        replace(series, steps=(0.0,) * 50),
        replace(series, steps=(*series.steps[:-1], 900.0)),
        replace(series, echo_time_ms=0.0),
    ):
        with pytest.raises(SeriesRejectedError, match="E_TIMING"):
            compute_rcbv(faulty)


def test_the_reference_is_brain_without_scalp_vessels_and_tumour() -> None:
    series = Planted().series()
    clean = compute_rcbv(series).rcbv.voxels[WHITE].mean()
    scalp = Planted(cbv=0.3).series().voxels[:, 0, 12, 12]
    vessel = Planted(cbv=8, delay_s=-1.5).series().voxels[:, 0, 12, 12]
    series.voxels[:, :, 4:6, 4:28] = scalp[:, None, None, None]
    series.voxels[:, :, 4:28, 4:6] = scalp[:, None, None, None]
    series.voxels[:, :, 20:22, 20:22] = vessel[:, None, None, None]
    assert np.median(compute_rcbv(series).rcbv.voxels[WHITE]) == pytest.approx(clean, rel=0.02)
