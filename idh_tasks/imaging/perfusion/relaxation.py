"""Changes of the transverse relaxation rate, from one echo or from two."""

from collections.abc import Sequence

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.perfusion.first_pass import FirstPass

NOISE_FLOOR = 0.15
"""Voxels below this fraction of the brightest signal contain no tissue."""
STEPS_S = (0.2, 6.0)
"""Times between volumes of DSC series, in s."""
ECHOES_MS = (1.0, 200.0)
"""Echo times of DSC series, in ms."""
LOWEST = 0.01
"""Signals are not taken as smaller than this fraction of their baseline: below it there is only noise."""
AGREEMENT = 0.9
"""Correlation of the mean curves from two echoes and from the longer one, below which the two are not combined."""


def tissue_mask(dsc: Series4D) -> Mask:
    """Return the voxels with signal; the mean over time is hardly changed by the bolus or by bright first volumes."""
    mean = dsc.voxels.mean(axis=0)
    return np.asarray(mean > NOISE_FLOOR * np.percentile(mean, 99))


def time_step(dsc: Series4D) -> float:
    """Return the time between two volumes in s.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if the volumes are not equally spaced in time, if there is no echo time, or if either is so far
        from that of any DSC series that its unit must be another.
    """
    steps = np.diff(dsc.steps)
    if len(steps) == 0 or not steps.min() > 0 or np.ptp(steps) > 0.2 * steps.mean():
        raise SeriesRejectedError(Code.E_TIMING, "the volumes of the DSC series are not equally spaced in time")
    if not dsc.echo_time_ms > 0:
        raise SeriesRejectedError(Code.E_TIMING, "the DSC series states no echo time")
    step_s = float(steps.mean())
    if not STEPS_S[0] <= step_s <= STEPS_S[1]:
        raise SeriesRejectedError(Code.E_TIMING, f"{step_s:g} s between volumes are not those of a DSC series")
    if not ECHOES_MS[0] <= dsc.echo_time_ms <= ECHOES_MS[1]:
        raise SeriesRejectedError(Code.E_TIMING, f"an echo time of {dsc.echo_time_ms:g} ms is not that of a DSC series")
    return step_s


def relaxation_change(echoes: Sequence[Series4D], mask: Mask, first_pass: FirstPass) -> Float:
    """Return ΔR2*(t) in 1/s, of shape (t, voxels of the mask).

    One echo: −ln(S/S₀)/TE. Two echoes: ln[(S₁/S₂)/(S₁₀/S₂₀)]/(TE₂ − TE₁), in which changes of T1 cancel
    (Vonken et al., MRM 1999). If the two echoes contradict each other, the longer one is used alone.

    Parameters
    ----------
    echoes
        One or two echoes on one grid, in the order of their echo times.
    """
    logs = [_log_ratio(echo, mask, first_pass) for echo in echoes]
    longest = -logs[-1] / np.float32(echoes[-1].echo_time_ms * 1e-3)
    if len(echoes) == 1:
        return longest
    both = (logs[0] - logs[-1]) / np.float32((echoes[-1].echo_time_ms - echoes[0].echo_time_ms) * 1e-3)
    return both if _agree(both, longest) else longest


def _log_ratio(echo: Series4D, mask: Mask, first_pass: FirstPass) -> Float:
    """Return ln(S/S₀)."""
    signal = echo.voxels[:, mask]
    before = signal[first_pass.start : first_pass.baseline + 1].mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.log(np.maximum(signal / before, np.float32(LOWEST)))


def _agree(one: Float, other: Float) -> bool:
    return bool(np.corrcoef(one.mean(axis=1), other.mean(axis=1))[0, 1] > AGREEMENT)
