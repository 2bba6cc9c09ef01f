"""Puts the volumes of a dynamic series in order of time, and finds the time between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.dicom.clocks import DAY_S, INDEX, NUMBERS, TIMES, Clock
from idh_tasks.dicom.grid import Slices
from idh_tasks.errors import SeriesRejectedError

Readings = NDArray[np.float64]

UNEVEN = 0.25
"""Largest deviation of a time step from the mean step, as a fraction of it."""
FASTER_THAN_TR = 0.9
"""A volume cannot be acquired in less than this fraction of the repetition time."""
SAME_AS_TR = 0.05
"""A step this close to the repetition time is the repetition time, which is stated more precisely."""
SHORTEST_VOLUME_MS = 300.0
"""A shorter repetition time is that of a line or partition, not of a volume."""


@dataclass(frozen=True)
class Ordered:
    """Instances by slice and time point, and the time between volumes in s."""

    slices: Slices
    step_s: float


def in_order_of_time(slices: Slices) -> Ordered:
    """Order the instances at each slice position by the first clock that states an order.

    Temporal Position comes first, then acquisition times and trigger time, then numbers of acquisitions and instances.

    Parameters
    ----------
    slices
        The instances at each slice position.

    Raises
    ------
    SeriesRejectedError
        ``E_GEOMETRY_GAP`` if slices have different numbers of time points or one is missing; ``E_TIMING`` if order or
        step are not stated, not unique or contradictory.
    """
    slices = _complete(slices)
    if len(slices[0]) < 2:
        raise SeriesRejectedError(Code.E_TIMING, "a dynamic series needs several volumes, 1 found")
    order = np.argsort(_readings_in_order(slices), axis=1)
    ordered = [[at[index] for index in indices] for at, indices in zip(slices, order, strict=True)]
    return Ordered(ordered, _step_s(ordered))


def _complete(slices: Slices) -> Slices:
    """Leave out the last volume if it alone lacks slices, as when a scan is stopped."""
    counts = [len(at) for at in slices]
    if min(counts) == max(counts):
        return slices
    positions = [[INDEX.read(ds) for ds in at] for at in slices]
    if not any(position is None for at in positions for position in at):
        last = max(position for at in positions for position in at if position is not None)
        slices = [[ds for ds in at if INDEX.read(ds) != last] for at in slices]
    if len({len(at) for at in slices}) > 1:
        reason = f"the slices have different numbers of time points, {min(counts)} to {max(counts)}"
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, reason)
    return slices


def _readings_in_order(slices: Slices) -> Readings:
    """Return what the first clock that states an order reads."""
    index = None if _counts_groups(slices) else _telling_apart(INDEX, slices)
    if index is not None and not _is_complete(index):
        raise SeriesRejectedError(Code.E_GEOMETRY_GAP, "time points are missing from some slices")
    times = (_telling_apart(clock, slices) for clock in TIMES)
    found = next((readings for readings in chain([index], times) if readings is not None), None)
    found = _numbered(slices) if found is None else found
    if found is None:
        raise SeriesRejectedError(Code.E_TIMING, "no attribute states the order of the volumes for every slice")
    return found


def _numbered(slices: Slices) -> Readings | None:
    """Return what the first complete number reads, which another one must not contradict; no time can decide."""
    readings = [_readings(clock, slices) for clock in NUMBERS]
    complete = [one for one in readings if one is not None and _is_complete(one)]
    if len({np.argsort(one, axis=1).tobytes() for one in complete}) > 1:
        raise SeriesRejectedError(Code.E_TIMING, "the numbers of acquisitions and instances state two orders of time")
    return complete[0] if complete else None


def _counts_groups(slices: Slices) -> bool:
    """Return whether Temporal Position counts groups of equally many volumes, which follow one another in time."""
    index = _readings(INDEX, slices)
    if index is None or not 1 < len(np.unique(index)) < index.shape[1]:
        return False
    sizes = {int(size) for at in index for size in np.unique(at, return_counts=True)[1]}
    clocks = (readings for clock in TIMES if (readings := _readings(clock, slices)) is not None)
    times = next((at for at in clocks if all(len(np.unique(one)) == at.shape[1] for one in at)), None)
    if len(sizes) > 1 or times is None:
        return False
    return bool((np.diff(np.take_along_axis(index, np.argsort(times, axis=1), axis=1), axis=1) >= 0).all())


def _telling_apart(clock: Clock, slices: Slices) -> Readings | None:
    """Return what a clock reads if it tells all instances of each slice apart, None if it does not tell any apart.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if it tells some apart and not others.
    """
    readings = _readings(clock, slices)
    distinct = {1} if readings is None else {len(np.unique(at)) for at in readings}
    if readings is None or distinct == {1}:
        return None
    if distinct != {readings.shape[1]}:
        reason = f"{readings.shape[1]} volumes have {min(distinct)} different values of {clock.name}"
        raise SeriesRejectedError(Code.E_TIMING, reason)
    return readings


def _readings(clock: Clock, slices: Slices) -> Readings | None:
    """Return what a clock reads, shape (slices, time points); None unless every instance states it."""
    stated = [[clock.read(ds) for ds in at] for at in slices]
    if any(value is None for at in stated for value in at):
        return None
    readings = np.array(stated, dtype=np.float64)
    return _after_midnight(readings) if clock.seconds else readings


def _after_midnight(times: Readings) -> Readings:
    """Move times after midnight to the next day: no series lasts half a day."""
    if np.ptp(times) < DAY_S / 2:
        return times
    of_day = times % DAY_S
    sorted_times = np.unique(of_day)
    gap = int(np.argmax(np.diff(sorted_times)))
    return np.where(of_day > sorted_times[gap], of_day, of_day + DAY_S)


def _is_complete(readings: Readings | None) -> bool:
    """Return whether numbers advance evenly over time, in the same way for every slice.

    They may count volumes, all instances volume by volume, or all instances slice by slice. If an instance is missing,
    from different time points of different slices, they are not even.
    """
    if readings is None:
        return False
    ordered = np.sort(readings, axis=1)
    steps, starts = np.diff(ordered, axis=1), ordered[:, 0] - ordered[:, 0].min()
    step = float(steps.flat[0])
    if step <= 0 or np.ptp(steps) > 0:
        return False
    return bool(starts.max() < step or not (starts % (step * readings.shape[1])).any())


def _step_s(ordered: Slices) -> float:
    """Return the time between volumes in s, from times if they are stated, else from the repetition time."""
    first = ordered[0][0]
    tr_ms = float(first.get("RepetitionTime") or 0)
    steps = [step for clock in TIMES if (step := _clock_step(clock, ordered, tr_ms)) is not None]
    if not steps:
        return _step_without_times(first, tr_ms)
    step = steps[0]
    if step < FASTER_THAN_TR * tr_ms / 1000:
        reason = f"volumes {step:.2f} s apart contradict a repetition time of {tr_ms / 1000:.2f} s"
        raise SeriesRejectedError(Code.E_TIMING, reason)
    return tr_ms / 1000 if abs(step - tr_ms / 1000) <= SAME_AS_TR * step else step


def _clock_step(clock: Clock, ordered: Slices, tr_ms: float) -> float | None:
    """Return the mean time between volumes, None if the clock stands still.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if the clock contradicts the order, or if the slices of a volume or the volumes are not evenly
        spaced in time: then a time point is missing.
    """
    readings = _readings(clock, ordered)
    if readings is None or all(np.ptp(at) == 0 for at in readings):
        return None
    steps = np.diff(readings, axis=1)
    if steps.min() < 0:
        raise SeriesRejectedError(Code.E_TIMING, f"{clock.name} contradicts the order of the volumes")
    resolution = 1.0 if tr_ms % 1000 and not (readings % 1).any() else 0.01
    mean = float(steps.mean())
    uneven = float(np.abs(steps - mean).max())
    if uneven > UNEVEN * mean + resolution:
        raise SeriesRejectedError(
            Code.E_TIMING,
            f"volumes are {mean:.2f} s apart on average, by {clock.name}, one step differs by {uneven:.2f} s",
        )
    if np.ptp(readings, axis=0).max() > mean + resolution:
        raise SeriesRejectedError(Code.E_TIMING, f"the slices of a volume are more than {mean:.2f} s apart in time")
    return mean


def _step_without_times(first: Dataset, tr_ms: float) -> float:
    resolution_ms = float(first.get("TemporalResolution") or 0)
    if resolution_ms > 0:
        return resolution_ms / 1000
    if tr_ms < SHORTEST_VOLUME_MS or first.get("MRAcquisitionType") == "3D":
        reason = f"no time between the volumes is stated; a repetition time of {tr_ms:g} ms is not that of a volume"
        raise SeriesRejectedError(Code.E_TIMING, reason)
    return tr_ms / 1000


def echo_times_ms(instances: Sequence[Dataset], tolerance: float = 0.02) -> list[float]:
    """Return the different echo times in ms, in ascending order.

    Raises
    ------
    SeriesRejectedError
        ``E_TIMING`` if an instance states none.
    """
    stated = sorted({float(ds.get("EchoTime") or 0) for ds in instances})
    if not stated or stated[0] <= 0:
        raise SeriesRejectedError(Code.E_TIMING, "the echo time is not stated")
    distinct = stated[:1]
    for echo in stated:
        if echo > distinct[-1] * (1 + tolerance):
            distinct.append(echo)
    return distinct


def echo_of(ds: Dataset, echoes: Sequence[float]) -> float:
    """Return the echo time of `echo_times_ms` to which an instance belongs."""
    return max(echo for echo in echoes if echo <= float(ds.EchoTime))
