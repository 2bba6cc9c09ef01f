"""Checks that the signal of a diffusion series falls with b, and does so alike in all slices."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D
from idh_tasks.errors import SeriesRejectedError

RISE = 0.05
"""The logarithm of the signal may rise by this from one b-value to the next: by noise, or between nearly equal ones."""
CLOSE_S_MM2 = 20.0
"""Neighbouring b-values closer than this have nearly the same signal."""
LARGE_SLICE = 0.25
"""Slices with less tissue, relative to the slice with most, hold too few kinds of it to be compared."""
LEAST_SLICES = 5
NOISE_FLOOR = 3.0
"""Signals below this multiple of the noise count as that."""
LEAST_SHARE = 0.1
"""A slice is judged by at least this share of its tissue."""
FLUID = (2.0e-3, 3.5e-3)
"""ADC in mm²/s of slices that are fluid for the most part: faster than tumour, not faster than water at 37 °C."""
SLICE_LIMIT = 0.3
"""A slice may depart by so much (logarithm) from the others at one b-value, beyond what its own diffusion explains."""
SLICE_ADC = 0.8e-3
"""With two b-values only: the median ADC of a slice in mm²/s may depart by so much from that of the others."""

Logs = NDArray[np.float64]


def check_falls(dwi: Series4D, tissue: Mask) -> None:
    """Check that most tissue is darker at each b-value than at the one before: not so if b-values are swapped.

    Raises
    ------
    SeriesRejectedError
        ``E_ADC_VALUES`` with both b-values and the figure.
    """
    for (low, first), (high, second) in pairwise(zip(dwi.steps, dwi.voxels, strict=True)):
        rise = float(np.median(_log(second[tissue]) - _log(first[tissue])))
        if high - low >= CLOSE_S_MM2 and rise > RISE:
            raise SeriesRejectedError(
                Code.E_ADC_VALUES,
                f"the head is brighter at b = {high:g} than at b = {low:g} by {np.expm1(rise):.0%};"
                " were b-values exchanged?",
            )


def check_slices_alike(dwi: Series4D, tissue: Mask, sigma: float) -> None:
    """Check that no slice is darker or brighter at one b-value than the other slices explain.

    With three b-values or more, each voxel is compared with the line through its logarithms at the other b-values,
    which does not depend on how fast it diffuses; the median over the slice counts. Slices of fluid, as above the
    brain, are left out then: mixtures with fluid, and fluid near the noise, do not fall along a line.

    Parameters
    ----------
    sigma
        Standard deviation of the noise; signals near it are not told apart.

    Raises
    ------
    SeriesRejectedError
        ``E_DWI_VOLUMES`` with the number of slices and the factor.
    """
    size = tissue.sum(axis=(1, 2))
    b_values = np.array(dwi.steps)
    large = np.flatnonzero(size >= max(1.0, LARGE_SLICE * float(size.max())))
    judged = [z for z in large.tolist() if not _is_fluid(dwi.voxels[:, z, tissue[z]], b_values)]
    if len(judged) < LEAST_SLICES:
        return
    floor = NOISE_FLOOR * sigma
    medians = np.stack([_departures(dwi.voxels[:, z, tissue[z]], b_values, floor) for z in judged], axis=1)
    departures = medians - np.median(medians, axis=1, keepdims=True)
    limit = SLICE_LIMIT if len(dwi.steps) > 2 else SLICE_ADC * (dwi.steps[-1] - dwi.steps[0])
    odd = np.abs(departures) > limit
    if odd.any():
        worst = float(np.exp(departures.ravel()[np.abs(departures).argmax()]))
        raise SeriesRejectedError(
            Code.E_DWI_VOLUMES,
            f"{int(odd.any(axis=0).sum())} of {len(judged)} slices change with b otherwise than the others, by a factor"
            f" of up to {worst:.2f}",
        )


def _is_fluid(signal: Float, b_values: Logs) -> bool:
    """Return whether the signal of a slice falls as fast as that of fluid up to each of three b-values or more."""
    if len(b_values) == 2:
        return False
    logs = np.median(_log(signal), axis=1)
    adc = (logs[0] - logs[1:]) / (b_values[1:] - b_values[0])
    return bool(((adc > FLUID[0]) & (adc < FLUID[1])).all())


def _departures(signal: Float, b_values: Logs, floor: float) -> Logs:
    """Return the median departure from the line at each b-value; the median decay alone with two b-values.

    Voxels that are noise at the other b-values, as fluid is at high ones, have no line and do not count.
    """
    logs = _log(np.maximum(signal, floor))
    if len(logs) == 2:
        return np.median(logs[1:] - logs[:1], axis=1)
    return np.array([_beside_line(logs, signal > floor, b_values, index) for index in range(len(logs))])


def _beside_line(logs: Logs, above: NDArray[np.bool_], b_values: Logs, index: int) -> float:
    """Return the median distance of the logarithms at one b-value from the lines through those at the others."""
    others = np.arange(len(logs)) != index
    counted = above[others].all(axis=0)
    if counted.sum() < LEAST_SHARE * len(counted):
        return 0.0
    slope, intercept = np.polyfit(b_values[others], logs[others][:, counted], 1)
    return float(np.median(logs[index, counted] - intercept - slope * b_values[index]))


def _log(signal: NDArray[np.floating]) -> Logs:
    return np.log(np.maximum(signal.astype(np.float64), np.finfo(np.float32).tiny))
