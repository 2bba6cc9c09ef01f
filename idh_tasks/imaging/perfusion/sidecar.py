"""Times of a DSC series in NIfTI format, from the sidecar file of dcm2niix or BIDS."""

from collections.abc import Mapping
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.errors import SeriesRejectedError

STARTS = ("VolumeTiming", "FrameTimesStart")
"""Times at which the volumes begin, in s."""
SAME = 0.05
"""Relative difference up to which two times between volumes are the same."""
NOT_STATED = (0.0, 1.0)
"""What the header of a NIfTI file without a time between volumes contains."""


def volume_times(sidecar: Mapping[str, Any], count: int, header_step_s: float) -> tuple[float, ...]:
    """Return the time of each volume in s, from the first.

    Parameters
    ----------
    header_step_s
        Time between volumes in the header of the NIfTI file, in s, or in ms where the header names no unit.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if no time is stated, if there is not one per volume, or if file and sidecar contradict each other.
    """
    starts = next((sidecar[name] for name in STARTS if name in sidecar), None)
    try:
        step_s = float(sidecar["RepetitionTime"]) if starts is None else 0.0
        times = [t * step_s for t in range(count)] if starts is None else [float(start) for start in starts]
    except (KeyError, TypeError, ValueError):
        raise SeriesRejectedError(Code.E_TIMING, "the .json file states no repetition time") from None
    if len(times) != count or count < 2:
        raise SeriesRejectedError(Code.E_TIMING, f"{count} volumes have {len(times)} times, several are needed")
    step_s = (times[-1] - times[0]) / (count - 1)
    if header_step_s not in NOT_STATED and not (_same(header_step_s, step_s) or _same(header_step_s / 1000, step_s)):
        reason = f"{step_s:g} s between volumes in the .json file, {header_step_s:g} s in the NIfTI file"
        raise SeriesRejectedError(Code.E_TIMING, reason)
    return tuple(time - times[0] for time in times)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * abs(other)
