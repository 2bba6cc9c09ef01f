"""rCBV equals the planted blood volume, also where contrast agent leaks."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from idh_tasks.domain.volume import Series4D
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion import compute_rcbv, correct_leakage, find_first_pass
from idh_tasks.phantom.signal import bolus
from tests.factories import geometry

STEP_S = 1.5
TIMES = np.arange(40, dtype=np.float64) * STEP_S


def series(cbv: float, leakage: float) -> Series4D:
    """Return brain with CBV 1 and a block with the given CBV and leakage."""
    blood = np.ones((4, 16, 16))
    k2 = np.zeros_like(blood)
    blood[:, 4:8, 4:8], k2[:, 4:8, 4:8] = cbv, leakage
    concentration = bolus(TIMES, arrival_s=14)
    integral = np.cumsum(concentration) * STEP_S
    change = 7 * (blood * concentration[:, None, None, None] - k2 * integral[:, None, None, None])
    signal = 800 * np.exp(-0.03 * change)
    return Series4D(signal.astype(np.float32), geometry((4, 16, 16)), tuple(TIMES), 30.0)


@pytest.mark.parametrize("cbv", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("leakage", [0.0, 0.03, 0.06])
def test_the_planted_blood_volume_is_recovered_with_and_without_leakage(cbv: float, leakage: float) -> None:
    rcbv = compute_rcbv(series(cbv, leakage)).rcbv.voxels[:, 4:8, 4:8].mean()
    assert rcbv == pytest.approx(cbv, rel=0.05)


def test_leakage_would_hide_blood_volume_without_the_correction() -> None:
    concentration = bolus(TIMES, arrival_s=14)
    integral = np.cumsum(concentration) * STEP_S
    curve = (4 * concentration - 0.06 * integral).astype(np.float32)[:, None]
    corrected, k2 = correct_leakage(curve, concentration, STEP_S)
    assert curve.sum() < 0.9 * 4 * concentration.sum()
    assert corrected.sum() == pytest.approx(4 * concentration.sum(), rel=1e-3)
    assert k2[0] == pytest.approx(0.06, rel=1e-3)


def test_the_drift_of_a_baseline_is_measured_and_that_of_a_steady_one_is_small() -> None:
    steady = series(2.0, 0.0)
    drift = 1 - 0.02 * np.minimum(TIMES, 12) / STEP_S
    drifting = replace(steady, voxels=(steady.voxels * drift[:, None, None, None]).astype(np.float32))
    assert compute_rcbv(steady).drift < 0.02
    assert compute_rcbv(drifting).drift > 0.15


def test_a_series_without_bolus_is_rejected() -> None:
    flat = 800 + np.random.default_rng(1).normal(0, 5, 40)
    with pytest.raises(SeriesRejectedError) as caught:
        find_first_pass(flat)
    assert caught.value.code == "E_NO_BOLUS"


@pytest.mark.real_data
def test_the_area_correlates_with_cbv_on_the_osipi_curves(real_data: Path) -> None:
    csv.field_size_limit(10**8)
    with (real_data / "tables" / "osipi_dsc" / "dsc_data.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "delay0" in row["label"]]
    area = [np.trapezoid(np.fromstring(row["C_tis"], sep=" ")) for row in rows]
    arterial = [np.trapezoid(np.fromstring(row["C_aif"], sep=" ")) for row in rows]
    ratio = np.array(area) / np.array(arterial)
    assert np.corrcoef(ratio, [float(row["cbv"]) for row in rows])[0, 1] > 0.98
