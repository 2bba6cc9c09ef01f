"""Blood volume agrees with deconvolution, an independent method, and with public curves of known blood volume."""

import csv
from pathlib import Path

import numpy as np
import pytest

from idh_tasks.domain.volume import Float
from idh_tasks.imaging.perfusion.first_pass import Curve, find_first_pass
from idh_tasks.imaging.perfusion.leakage import blood_volume
from idh_tasks.phantom.signal import bolus

STEP_S = 1.25


def by_deconvolution(change: Float, reference: Curve, step_s: float) -> Curve:
    """Return ∫k dt of the kernel k from the reference to each curve, by block-circulant SVD (Wu et al. 2003)."""
    count = 2 * len(reference)
    padded = np.pad(reference, (0, len(reference)))
    matrix = step_s * np.stack([np.roll(padded, shift) for shift in range(count)], axis=1)
    u, s, v = np.linalg.svd(matrix)
    kept = s > 0.02 * s[0]
    kernels = (v[kept].T / s[kept]) @ (u[:, kept].T @ np.pad(change, ((0, len(reference)), (0, 0))))
    return np.asarray(kernels.sum(axis=0) * step_s)


def measured(change: Float, reference: Curve, step_s: float) -> Float:
    """Return the blood volume of curves without leakage, each in a slice of its own."""
    first_pass = find_first_pass(np.exp(-0.2 * reference / reference.max()))
    mask = np.ones((change.shape[1], 1, 1), dtype=bool)
    return blood_volume(change, mask, reference, first_pass, step_s, leakage=True).volume


def test_blood_volume_agrees_with_deconvolution() -> None:
    times = np.arange(72, dtype=np.float64) * STEP_S
    cbv = np.linspace(0.5, 5, 10)
    delays = np.resize([0.0, 1.5, 4.0, 7.0], 10)
    # Recirculation is cut off, since a series that ends within it cannot be deconvolved.
    passes = [np.where(times < 15 + delay + 12, bolus(times, 15 + delay), 0) for delay in delays]
    change = np.stack([volume * curve for volume, curve in zip(cbv, passes, strict=True)], axis=1).astype(np.float32)
    reference = np.where(times < 27, bolus(times, 15.0), 0)
    ours, theirs = measured(change, reference, STEP_S), by_deconvolution(change, reference, STEP_S)
    assert np.corrcoef(ours, theirs)[0, 1] > 0.995
    assert np.abs(ours / theirs - 1).max() < 0.06


@pytest.mark.real_data
def test_blood_volume_agrees_with_the_osipi_curves(real_data: Path) -> None:
    csv.field_size_limit(10**8)
    with (real_data / "tables" / "osipi_dsc" / "dsc_data.csv").open() as file:
        rows = list(csv.DictReader(file))
    change = np.stack([np.fromstring(row["C_tis"], sep=" ") for row in rows], axis=1).astype(np.float32)
    cbv = np.array([float(row["cbv"]) for row in rows])
    volume = measured(change, change.mean(axis=1, dtype=np.float64), float(rows[0]["tr"]))
    assert np.corrcoef(volume, cbv)[0, 1] > 0.9
    assert volume[cbv == 4].mean() / volume[cbv == 2].mean() == pytest.approx(2, rel=0.03)
