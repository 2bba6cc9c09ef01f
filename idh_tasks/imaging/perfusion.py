"""Relative cerebral blood volume from the first pass of a DSC series, corrected for leakage."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError

Curve = NDArray[np.float64]

NOISE_FLOOR = 0.15
MIN_BASELINE = 4
MIN_CONTRAST_TO_NOISE = 5.0
MAX_RCBV = 20.0
RETURN = 0.15
"""The first pass ends where the mean curve has come down to this share of its peak."""


@dataclass(frozen=True)
class FirstPass:
    """Indexes of the last baseline volume and of the end of the first pass."""

    baseline: int
    end: int


def tissue_mask(dsc: Series4D) -> Mask:
    """Return the voxels that hold signal before the bolus."""
    early = dsc.voxels[:MIN_BASELINE].mean(axis=0)
    return np.asarray(early > NOISE_FLOOR * np.percentile(early, 99))


def find_first_pass(mean_signal: Curve) -> FirstPass:
    """Find the bolus on the mean signal of the tissue.

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
        raise SeriesRejectedError(Code.E_NO_BOLUS, "no bolus passes in the DSC series")
    baseline = int(np.nonzero(drop[:peak] < 0.05 * drop[peak])[0].max(initial=MIN_BASELINE))
    after = np.nonzero(drop[peak:] < RETURN * drop[peak])[0]
    end = peak + int(after[0]) if after.size else peak + 1 + int(np.argmin(drop[peak + 1 :]))
    return FirstPass(baseline, end)


def baseline_drift(mean_signal: Curve, first_pass: FirstPass) -> float:
    """Return the trend of the baseline from its first to its last volume over the depth of the bolus."""
    baseline = mean_signal[: first_pass.baseline + 1]
    trend = np.polyfit(np.arange(len(baseline)), baseline, 1)[0] * (len(baseline) - 1)
    return float(abs(trend) / (baseline.mean() - mean_signal.min()))


def relaxation_change(dsc: Series4D, mask: Mask, first_pass: FirstPass) -> Float:
    """Return ΔR2*(t) = −ln(S(t)/S₀)/TE in 1/s, shape (t, voxels of the mask)."""
    signal = np.maximum(dsc.voxels[:, mask], 1.0)
    before = signal[: first_pass.baseline + 1].mean(axis=0)
    return np.asarray(-np.log(signal / before) / (dsc.echo_time_ms * 1e-3), dtype=np.float32)


def correct_leakage(change: Float, reference: Curve, step_s: float) -> tuple[Float, Float]:
    """Fit ΔR2*(t) = K1·R(t) − K2·∫R and return (corrected curves, K2).

    Boxerman, Schmainda and Weisskoff, AJNR 2006, equations A4 to A6.

    Parameters
    ----------
    change
        Shape (t, n).
    reference
        Mean curve of non-enhancing tissue R(t).
    """
    leaked = np.cumsum(reference) * step_s
    design = np.stack([reference, -leaked], axis=1)
    coefficients, *_ = np.linalg.lstsq(design, change.astype(np.float64), rcond=None)
    k2 = coefficients[1]
    return (change + np.outer(leaked, k2)).astype(np.float32), k2.astype(np.float32)


def _non_enhancing(change: Float, first_pass: FirstPass) -> NDArray[np.bool_]:
    """Tell the voxels whose signal does not rise above its baseline after the bolus."""
    noise = change[: first_pass.baseline + 1].std(axis=0)
    late = change[first_pass.end :].mean(axis=0) if first_pass.end < len(change) else change[-1]
    return np.asarray((late > -noise) & (change.max(axis=0) > 3 * noise))


@dataclass(frozen=True)
class Perfusion:
    """rCBV, 1 being the median of non-enhancing brain, the leakage K2 in 1/s, and the drift of the baseline."""

    rcbv: Volume
    k2: Volume
    drift: float


def compute_rcbv(dsc: Series4D, *, leakage: bool = True) -> Perfusion:
    """Compute rCBV from the first pass.

    Parameters
    ----------
    dsc
        Voxels of shape (t, z, y, x); steps are t in s.
    leakage
        Whether the curves are corrected for leakage first.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_BOLUS`` if no bolus is found.
    """
    mask = tissue_mask(dsc)
    mean_signal = dsc.voxels[:, mask].mean(axis=1, dtype=np.float64)
    first_pass = find_first_pass(mean_signal)
    change = relaxation_change(dsc, mask, first_pass)
    plain = _non_enhancing(change, first_pass)
    if not plain.any():
        raise SeriesRejectedError(Code.E_NO_BOLUS, "no tissue shows the bolus")
    step_s = dsc.steps[1] - dsc.steps[0]
    reference = change[:, plain].mean(axis=1, dtype=np.float64)
    corrected, k2 = correct_leakage(change, reference, step_s)
    area = (corrected if leakage else change)[first_pass.baseline : first_pass.end + 1].sum(axis=0) * step_s
    rcbv = np.clip(area / np.median(area[plain]), 0, MAX_RCBV)
    return Perfusion(_placed(rcbv, mask, dsc), _placed(k2, mask, dsc), baseline_drift(mean_signal, first_pass))


def _placed(values: Float, mask: Mask, dsc: Series4D) -> Volume:
    voxels = np.zeros(dsc.geometry.shape, dtype=np.float32)
    voxels[mask] = values
    return Volume(voxels, dsc.geometry)
