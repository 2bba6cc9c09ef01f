"""Finds the steady signal before the bolus, and the bolus, on the mean signal of the tissue."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

Curve = NDArray[np.float64]

MIN_BASELINE = 4
"""Fewest steady volumes that must precede the bolus."""
MIN_CONTRAST_TO_NOISE = 5.0
MIN_DEPTH = 0.03
"""Smallest drop of the mean signal, relative to the baseline, that counts as a bolus."""
MIN_RECOVERY = 0.6
"""Part of the drop that must have recovered by the end of the series."""
ARRIVAL = 0.05
"""The bolus has arrived where the drop reaches this part of its depth."""
RETURN = 0.15
"""The first pass ends where the drop has fallen to this part of its depth."""
STEADY = 0.003
"""Deviation relative to the baseline that counts as steady even in a series without noise."""
RECENT = 12
"""Number of volumes before the bolus that define the steady state."""
UNSTEADY = 0.25
"""Change within the baseline, relative to the depth of the bolus, that shows that it is none."""
CLIMB = 0.02
"""The signal still rises if a volume gains this part of the rise so far."""
CURVATURE_SD = 6**0.5
"""Standard deviation of the second difference of noise of standard deviation 1."""
NORMAL_30 = 0.385
"""30th percentile of the magnitude of a standard normal variable."""
MAD_TO_SD = 1.4826


@dataclass(frozen=True)
class FirstPass:
    """Indices of the first and last baseline volume, of the peak, and of the last volume of the first pass."""

    start: int
    baseline: int
    peak: int
    end: int

    def counted_from_start(self) -> "FirstPass":
        """Return the same volumes in a series that begins with the baseline."""
        return FirstPass(0, self.baseline - self.start, self.peak - self.start, self.end - self.start)


def find_first_pass(mean_signal: Curve) -> FirstPass:
    """Locate the steady baseline and the bolus.

    Volumes before the steady state (T1 transients, dummy volumes, an earlier bolus) are not part of the baseline.

    Parameters
    ----------
    mean_signal
        Mean signal of the tissue per volume, in any unit.

    Raises
    ------
    SeriesRejectedError
        ``E_NO_BOLUS`` if there is no bolus, or too little of the series before or after it; ``E_DSC_CONTRAST`` if
        the signal rises instead.
    """
    if len(mean_signal) < 3 * MIN_BASELINE:
        raise _no_bolus(f"the DSC series has {len(mean_signal)} volumes, {3 * MIN_BASELINE} are needed")
    peak = _peak(mean_signal)
    top = _onset(mean_signal, peak)
    if top + 1 < MIN_BASELINE:
        _check_contrast(mean_signal)
        raise _too_early(top + 1)
    start = _steady_from(mean_signal, top)
    level = float(np.median(mean_signal[start : top + 1]))
    drop = level - mean_signal
    _check_bolus(mean_signal, drop, FirstPass(start, top, peak, peak))
    arrival = top + int(np.nonzero(drop[top:peak] < ARRIVAL * drop[peak])[0].max(initial=0))
    _check_steady(mean_signal[start : arrival + 1], float(drop[peak]))
    return FirstPass(start, arrival, peak, _end(drop, peak))


def baseline_drift(mean_signal: Curve, first_pass: FirstPass) -> float:
    """Return the linear trend from the first to the last baseline volume, as a fraction of the depth of the bolus."""
    baseline = mean_signal[first_pass.start : first_pass.baseline + 1]
    trend = np.polyfit(np.arange(len(baseline)), baseline, 1)[0] * (len(baseline) - 1)
    return float(abs(trend) / (baseline.mean() - mean_signal[first_pass.peak]))


def _peak(signal: Curve) -> int:
    """Return the volume with the lowest signal; a single corrupted volume does not count."""
    smooth = median_filter(signal, 3, mode="nearest")
    lowest = MIN_BASELINE + int(np.argmin(smooth[MIN_BASELINE:]))
    near = np.arange(max(lowest - 1, MIN_BASELINE), min(lowest + 2, len(signal)))
    return int(near[np.argmin(np.maximum(signal, smooth)[near])])


def _onset(signal: Curve, peak: int) -> int:
    """Climb back from the peak to the volume where the signal stops rising."""
    depth, noise = float(np.median(signal)) - signal[peak], _noise(signal)
    top = peak
    for volume in range(peak - 1, -1, -1):
        climbed = signal[top] - signal[peak]
        if signal[volume] > signal[volume + 1] + max(CLIMB * climbed, 3 * noise):
            top = volume
        elif top - volume > 1 and climbed > 0.5 * depth:
            break
    return top


def _steady_from(signal: Curve, last: int) -> int:
    """Return the first volume of the steady state that ends with volume `last`; a single outlier does not end it."""
    tolerance = max(4 * _noise(signal), STEADY * abs(float(signal[last])))
    start = last + 1 - MIN_BASELINE
    while start > 0:
        settled = signal[start : min(last + 1, start + RECENT)]
        if _departure(settled, signal[start - 1], 1) <= tolerance:
            start -= 1
        elif start > 1 and _departure(settled, signal[start - 2], 2) <= tolerance:
            start -= 2
        else:
            break
    return start


def _noise(signal: Curve) -> float:
    """Return the noise from the second differences between the bolus and other changes, which are few and large."""
    return float(np.percentile(np.abs(np.diff(signal, 2)), 30)) / (NORMAL_30 * CURVATURE_SD)


def _departure(settled: Curve, value: float, before: int) -> float:
    """Return how far a value is from the level or from the linear trend of the volumes that follow it."""
    line = np.polyfit(np.arange(len(settled)), settled, 1)
    level, trend = float(np.median(settled)), float(np.polyval(line, -before))
    return min(abs(value - level), abs(value - trend))


def _check_bolus(signal: Curve, drop: Curve, found: FirstPass) -> None:
    """Check that a drop is deep, smooth in time, and recovers."""
    baseline, peak = signal[found.start : found.baseline + 1], found.peak
    noise = max(float(np.std(np.diff(baseline, 2))) / CURVATURE_SD, 1e-3 * abs(float(baseline.mean())))
    if drop[peak] < max(MIN_CONTRAST_TO_NOISE * noise, MIN_DEPTH * float(baseline.mean())):
        _check_contrast(signal)
        raise _no_bolus(f"the signal drops by {drop[peak] / baseline.mean():.1%}, which is no passage of a bolus")
    if max(drop[peak - 1], drop[min(peak + 1, len(drop) - 1)]) < 0.25 * drop[peak]:
        raise _no_bolus("the drop of the signal lasts for one volume only")
    if _is_abrupt(drop, peak):
        raise _no_bolus("the signal drops and returns within one volume each, which is no passage of a bolus")
    jumps = drop[1:-1] - np.maximum(drop[:-2], drop[2:]) > UNSTEADY * drop[peak]
    if jumps[found.start : peak - 1].sum() + jumps[peak:].sum() > 1:
        raise _no_bolus("the signal jumps from volume to volume, as if they were in a wrong order")
    recovered = 1 - float(drop[peak:].min()) / float(drop[peak])
    if recovered < MIN_RECOVERY:
        raise _no_bolus(f"{recovered:.0%} of the drop has recovered when the series ends, {MIN_RECOVERY:.0%} is needed")


def _is_abrupt(drop: Curve, peak: int) -> bool:
    """Return whether the volumes around the peak are low and those beside them are not: they are spoiled, no bolus."""
    low = drop > 0.5 * drop[peak]
    before = peak - int(np.argmin(low[peak::-1]))
    after = peak + int(np.argmin(low[peak:]))
    return bool(not low[before] and not low[after] and max(drop[before], drop[after]) < ARRIVAL * drop[peak])


def _check_steady(baseline: Curve, depth: float) -> None:
    """Check that the baseline has no second passage in it, and that the shortest one is not the tail of a transient."""
    if len(baseline) < MIN_BASELINE:
        raise _too_early(len(baseline))
    if np.abs(baseline - np.median(baseline)).max() > UNSTEADY * depth:
        raise _no_bolus("the signal is not steady before the bolus")
    if len(baseline) == MIN_BASELINE and abs(baseline[0] - np.median(baseline[1:])) > ARRIVAL * depth:
        raise _too_early(len(baseline) - 1)


def _check_contrast(signal: Curve) -> None:
    """Refuse a series whose signal rises from a steady level with the contrast agent: it is T1-weighted."""
    windows = np.lib.stride_tricks.sliding_window_view(signal[: len(signal) // 2], MIN_BASELINE)
    late = float(np.median(signal[-(len(signal) // 2) :]))
    steady = windows[np.ptp(windows, axis=1) < UNSTEADY * abs(late - np.median(windows, axis=1))]
    level = float(np.median(steady, axis=1).min(initial=np.inf))
    rise = late - level
    if rise > max(MIN_DEPTH * level, MIN_CONTRAST_TO_NOISE * _noise(signal)):
        raise SeriesRejectedError(
            Code.E_DSC_CONTRAST, f"the signal rises by {rise / level:.0%} with the contrast agent instead of dropping"
        )


def _end(drop: Curve, peak: int) -> int:
    after = np.nonzero(drop[peak:] < RETURN * drop[peak])[0]
    return peak + int(after[0]) if after.size else peak + 1 + int(np.argmin(drop[peak + 1 :]))


def _too_early(steady: int) -> SeriesRejectedError:
    return _no_bolus(f"{steady} steady volumes precede the bolus, {MIN_BASELINE} are needed")


def _no_bolus(reason: str) -> SeriesRejectedError:
    return SeriesRejectedError(Code.E_NO_BOLUS, reason)
