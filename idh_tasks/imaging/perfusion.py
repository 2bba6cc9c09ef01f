"""Relative cerebral blood volume from the first pass of a DSC series, corrected for leakage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError

Curve = NDArray[np.float64]

NOISE_FLOOR = 0.15
"""Voxels below this fraction of the brightest signal before the bolus contain no tissue."""
MIN_BASELINE = 4
"""Number of volumes at the start of a series that precede the bolus."""
MIN_CONTRAST_TO_NOISE = 5.0
MAX_RCBV = 20.0
RETURN = 0.15
"""The first pass ends where the mean curve has fallen to this fraction of its peak."""


@dataclass(frozen=True)
class FirstPass:
    """Indices of the last baseline volume and of the last volume of the first pass."""

    baseline: int
    end: int


@dataclass(frozen=True)
class Perfusion:
    """rCBV (median of non-enhancing brain = 1), leakage K2 in 1/s, and baseline drift (see `baseline_drift`)."""

    rcbv: Volume
    k2: Volume
    drift: float


def compute_rcbv(dsc: Series4D, *, leakage: bool = True) -> Perfusion:
    """Compute rCBV from the first pass.

    Parameters
    ----------
    dsc
        Voxels of shape (t, z, y, x); steps are times in s.
    leakage
        Whether to correct the curves for leakage first.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_BOLUS`` if there is no bolus.
    """
    mask = tissue_mask(dsc)
    mean_signal = dsc.voxels[:, mask].mean(axis=1, dtype=np.float64)
    first_pass = find_first_pass(mean_signal)
    change = relaxation_change(dsc, mask, first_pass)
    non_enhancing = _non_enhancing(change, first_pass)
    if not non_enhancing.any():
        raise SeriesRejectedError(Code.E_NO_BOLUS, "no tissue of the DSC series shows the bolus")
    step_s = dsc.steps[1] - dsc.steps[0]
    reference = change[:, non_enhancing].mean(axis=1, dtype=np.float64)
    corrected, k2 = correct_leakage(change, reference, step_s)
    area = (corrected if leakage else change)[first_pass.baseline : first_pass.end + 1].sum(axis=0) * step_s
    rcbv = np.clip(area / np.median(area[non_enhancing]), 0, MAX_RCBV)
    return Perfusion(_as_volume(rcbv, mask, dsc), _as_volume(k2, mask, dsc), baseline_drift(mean_signal, first_pass))


def tissue_mask(dsc: Series4D) -> Mask:
    """Return the voxels that have signal before the bolus."""
    before = dsc.voxels[:MIN_BASELINE].mean(axis=0)
    return np.asarray(before > NOISE_FLOOR * np.percentile(before, 99))


def find_first_pass(mean_signal: Curve) -> FirstPass:
    """Locate the bolus on the mean signal of the tissue.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_BOLUS`` if the signal does not drop clearly.
    """
    start = mean_signal[:MIN_BASELINE]
    drop = start.mean() - mean_signal
    peak = int(np.argmax(drop))
    noise = max(float(start.std()), 1e-3 * float(start.mean()))
    if peak <= MIN_BASELINE or drop[peak] < MIN_CONTRAST_TO_NOISE * noise:
        raise SeriesRejectedError(Code.E_NO_BOLUS, "the DSC series shows no passage of a bolus")
    baseline = int(np.nonzero(drop[:peak] < 0.05 * drop[peak])[0].max(initial=MIN_BASELINE))
    after = np.nonzero(drop[peak:] < RETURN * drop[peak])[0]
    end = peak + int(after[0]) if after.size else peak + 1 + int(np.argmin(drop[peak + 1 :]))
    return FirstPass(baseline, end)


def baseline_drift(mean_signal: Curve, first_pass: FirstPass) -> float:
    """Return the linear trend from the first to the last baseline volume, as a fraction of the depth of the bolus."""
    baseline = mean_signal[: first_pass.baseline + 1]
    trend = np.polyfit(np.arange(len(baseline)), baseline, 1)[0] * (len(baseline) - 1)
    return float(abs(trend) / (baseline.mean() - mean_signal.min()))


def relaxation_change(dsc: Series4D, mask: Mask, first_pass: FirstPass) -> Float:
    """Return ΔR2*(t) = −ln(S(t)/S₀)/TE in 1/s, of shape (t, voxels of the mask)."""
    signal = np.maximum(dsc.voxels[:, mask], 1.0)
    before = signal[: first_pass.baseline + 1].mean(axis=0)
    return np.asarray(-np.log(signal / before) / (dsc.echo_time_ms * 1e-3), dtype=np.float32)


def correct_leakage(change: Float, reference: Curve, step_s: float) -> tuple[Float, Float]:
    """Fit ΔR2*(t) = K1·R(t) − K2·∫R and return the corrected curves and K2.

    Boxerman, Schmainda and Weisskoff, AJNR 2006, equations A4 to A6.

    Parameters
    ----------
    change
        ΔR2* in 1/s, of shape (t, n).
    reference
        Mean curve of non-enhancing tissue R(t).
    """
    integral = np.cumsum(reference) * step_s
    design = np.stack([reference, -integral], axis=1)
    coefficients, *_ = np.linalg.lstsq(design, change.astype(np.float64), rcond=None)
    k2 = coefficients[1]
    return (change + np.outer(integral, k2)).astype(np.float32), k2.astype(np.float32)


def _non_enhancing(change: Float, first_pass: FirstPass) -> NDArray[np.bool_]:
    """Return the voxels that show the bolus and whose signal does not rise above its baseline afterwards."""
    noise = change[: first_pass.baseline + 1].std(axis=0)
    late = change[first_pass.end :].mean(axis=0) if first_pass.end < len(change) else change[-1]
    return np.asarray((late > -noise) & (change.max(axis=0) > 3 * noise))


def _as_volume(values: Float, mask: Mask, dsc: Series4D) -> Volume:
    voxels = np.zeros(dsc.geometry.shape, dtype=np.float32)
    voxels[mask] = values
    return Volume(voxels, dsc.geometry)
