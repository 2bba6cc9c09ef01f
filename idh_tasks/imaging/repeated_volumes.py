"""Averages the volumes of one b-value, after checking that they show the same head at the same gain."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.dicom.gradient import Gradient
from idh_tasks.domain.volume import Float, Geometry, Series4D
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.directions import trace_image
from idh_tasks.imaging.dwi_motion import align_to_first

Logs = NDArray[np.float64]

UNWEIGHTED_B = 50.0
"""Up to this b-value in s/mm², the direction of the gradient hardly changes the signal."""
SMOOTHING = (1, 5, 5)
"""Window in voxels that takes away noise before volumes are compared."""
BRIGHT_PERCENTILE, TISSUE = 90, 0.5
"""Voxels above this fraction of the percentile contain tissue."""
SAMPLES = 20_000
LEAST_SIGNAL = 1e-3
"""Signals below this fraction of the mean of their volume are set to it."""
GAIN_LIMIT = 0.14
"""Largest median difference of the logarithms (15 %): head and scanner change the signal by less within a series."""
SPREAD_PERCENTILE, SPREAD_LIMIT = 80, 0.15
"""Percentile of that difference over the tissue (head, noise of 30 %: 0.11, shift by a voxel: 0.10, its ADC: 0.27)."""
EQUAL_CORRELATION = 0.7
"""Least correlation of the logarithms of equal volumes (head, noise of 30 %: 0.95; b = 0 and its ADC: 0.56)."""
FIBRES = 1.5e-3
"""Largest difference of diffusivity in mm²/s between directions, as if all of the head were one tract."""
LEAST_CORRELATION = 0.3
"""Least correlation of the logarithms along different directions (in a head at b = 2000: 0.7; with its ADC: −0.2)."""
LEAST_CONTRAST = 0.1
"""Smaller standard deviations of the logarithms show no contrast by which to compare."""
UNEVEN_GAIN, UNEVEN_ANISOTROPY = 0.08, 0.04e-3
"""Larger differences are noted: the sum of the first and of the second, in mm²/s, times b. A scanner drifts by some
percent, and the tracts of a head run in all directions (measured: 0.015)."""


@dataclass(frozen=True)
class Average:
    """The average of the volumes of one b-value.

    Attributes
    ----------
    movement_mm
        Largest movement between volumes without weighting; it has been corrected. Not a number if not measured.
    uneven
        Whether volumes differ more in brightness than those of a head, though not by so much that they are refused.
    """

    voxels: Float
    movement_mm: float
    uneven: bool


def average_volumes(
    volumes: Float, gradients: Sequence[Gradient | None], b: float, geometry: Geometry, *, isotropic: bool = False
) -> Average:
    """Return the image of the mean diffusivity of one b-value (`trace_image`).

    Volumes that must be equal are compared: those of one direction, without weighting, or averaged over directions.
    Volumes along different directions may differ by what fibres explain.

    Parameters
    ----------
    volumes
        Shape (n, z, y, x).
    gradients
        Direction of each volume, ``None`` if it is not stated.
    b
        In s/mm².
    isotropic
        Whether the volumes without a direction are averages over directions.

    Raises
    ------
    SeriesRejectedError
        ``E_DWI_VOLUMES`` with the figure if volumes disagree in gain or in pattern.
    """
    movement_mm = float("nan")
    if b <= UNWEIGHTED_B and len(volumes) > 1:
        volumes, movement_mm = align_to_first(volumes, geometry)
        gradients = [None] * len(volumes)
    difference = _difference(volumes, _groups(gradients, equal=isotropic or b <= UNWEIGHTED_B), b)
    slices = [trace_image(volumes[:, z], gradients) for z in range(volumes.shape[1])]
    return Average(np.stack(slices), movement_mm, difference > UNEVEN_GAIN + UNEVEN_ANISOTROPY * b)


def _difference(volumes: Float, groups: Sequence[list[int]], b: float) -> float:
    """Return the largest difference in gain within or between groups, after a check of the volumes of each."""
    if len(volumes) == 1:
        return 0.0
    logs = _tissue_logs(volumes)
    within = max(_check_equal(logs[group], b) for group in groups)
    means = np.stack([logs[group].mean(axis=0) for group in groups])
    difference, agreement = _largest(_differences(means)), _least_correlation(means)
    if difference > GAIN_LIMIT + FIBRES * b:
        raise SeriesRejectedError(Code.E_DWI_VOLUMES, _gain(difference, b))
    _check_agreement(agreement, LEAST_CORRELATION, b)
    return max(within, difference)


def assembled(averages: Sequence[Average], geometry: Geometry, b_values: Sequence[float], echo_ms: float) -> Series4D:
    """Return a diffusion series with what was measured on its way, where it was."""
    voxels, moved_mm = np.stack([one.voxels for one in averages]), [one.movement_mm for one in averages]
    figures = {"uneven_volumes": float(any(one.uneven for one in averages))}
    if not np.isnan(moved_mm).all():
        figures["movement_mm"] = float(np.nanmax(moved_mm))
    return Series4D(voxels, geometry, tuple(b_values), echo_ms, figures)


def _groups(gradients: Sequence[Gradient | None], *, equal: bool) -> list[list[int]]:
    """Return the indices of volumes that must be equal; without a stated direction, each may have its own."""
    keys = [gradient or (None if equal else index) for index, gradient in enumerate(gradients)]
    return [[index for index, one in enumerate(keys) if one == key] for key in dict.fromkeys(keys)]


def _tissue_logs(volumes: Float) -> Logs:
    """Return the logarithms of the smoothed volumes at evenly spaced voxels of tissue, shape (n, voxels)."""
    means = [float(volume.mean()) or 1.0 for volume in volumes]
    typical = np.sum([_smooth(volume) / mean for volume, mean in zip(volumes, means, strict=True)], axis=0)
    tissue = np.nonzero(typical.ravel() > TISSUE * np.percentile(typical, BRIGHT_PERCENTILE))[0]
    sample = tissue[:: max(1, len(tissue) // SAMPLES)]
    values = np.stack([_smooth(volume).ravel()[sample] for volume in volumes]).astype(np.float64)
    return np.log(np.maximum(values, LEAST_SIGNAL * np.array(means)[:, None]))


def _smooth(volume: Float) -> Float:
    return np.asarray(ndimage.uniform_filter(np.maximum(volume, 0), SMOOTHING))


def _differences(logs: Logs) -> Logs:
    """Return by how much each of n curves differs from the median of the others, shape (n, voxels)."""
    if len(logs) < 2 or not logs.size:
        return np.zeros((1, 1))
    return np.stack([one - np.median(np.delete(logs, index, axis=0), axis=0) for index, one in enumerate(logs)])


def _largest(differences: Logs) -> float:
    return float(np.abs(np.median(differences, axis=1)).max())


def _least_correlation(logs: Logs) -> float:
    """Return the least correlation of a curve with the median of the others; 1 if those show no contrast."""
    others = [np.median(np.delete(logs, index, axis=0), axis=0) for index in range(len(logs) if len(logs) > 1 else 0)]
    pairs = [(one, other) for one, other in zip(logs, others, strict=False) if float(other.std()) > LEAST_CONTRAST]
    return min((_correlation(one, other) for one, other in pairs), default=1.0)


def _correlation(one: Logs, other: Logs) -> float:
    spread = float(one.std()) * float(other.std())
    return float(((one - one.mean()) * (other - other.mean())).mean()) / spread if spread > 0 else 0.0


def _check_equal(logs: Logs, b: float) -> float:
    """Check that volumes are equal, and return by how much their gain differs."""
    differences = _differences(logs)
    gain = _largest(differences)
    if gain > GAIN_LIMIT:
        raise SeriesRejectedError(Code.E_DWI_VOLUMES, _gain(gain, b))
    centred = np.abs(differences - np.median(differences, axis=1, keepdims=True))
    spread = float(np.percentile(centred, SPREAD_PERCENTILE, axis=1).max())
    if spread > SPREAD_LIMIT:
        raise SeriesRejectedError(
            Code.E_DWI_VOLUMES,
            f"volumes of b = {b:g} differ in pattern by {spread:.0%}, the limit is {SPREAD_LIMIT:.0%}",
        )
    _check_agreement(_least_correlation(logs), EQUAL_CORRELATION, b)
    return gain


def _check_agreement(agreement: float, least: float, b: float) -> None:
    if agreement < least:
        raise SeriesRejectedError(
            Code.E_DWI_VOLUMES,
            f"a volume of b = {b:g} correlates with the others by {agreement:.2f}, {least:g} is needed",
        )


def _gain(difference: float, b: float) -> str:
    return f"volumes of b = {b:g} differ in brightness by a factor of {np.exp(difference):.2f}"
