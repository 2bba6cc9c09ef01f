"""Figures of a series' quality: signal to noise, ghosting, and movement between the volumes of a dynamic series."""

from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.registration import head
from idh_tasks.settings import ImagingSettings

MAD_TO_SD = 1.4826
EDGE = np.ones((1, 5, 5), dtype=bool)
"""The border of the head is no noise."""
CURVATURE_SD = 6.0
"""A second difference along rows and along columns has this many times the noise of a voxel."""


@dataclass(frozen=True)
class Quality:
    """What was measured on the image that registers a series.

    Attributes
    ----------
    signal_to_noise
        Median signal of the head over the noise of a voxel.
    ghosting
        Signal beside the head along one axis of the picture beyond that along the other, over the head's.
    """

    signal_to_noise: float
    ghosting: float


def measure_quality(volume: Volume) -> Quality:
    """Measure an image in its own slices."""
    inside = head(volume)
    signal = float(np.median(volume.voxels[inside])) if inside.any() else 0.0
    noise = _noise(volume.voxels, inside)
    # An image computed without noise is no worse for it.
    return Quality(signal / noise if noise > 0 else float("inf"), _ghosting(volume.voxels, inside, signal))


def check_quality(found: Quality, settings: ImagingSettings) -> None:
    """Refuse what no radiologist would read.

    Raises
    ------
    SeriesRejectedError
        ``E_QUALITY`` with the figure and its limit.
    """
    if found.signal_to_noise < settings.signal_to_noise_floor:
        raise SeriesRejectedError(
            Code.E_QUALITY,
            f"signal to noise is {found.signal_to_noise:.1f}, {settings.signal_to_noise_floor:g} is needed",
        )
    if found.ghosting > settings.ghosting_limit:
        raise SeriesRejectedError(
            Code.E_QUALITY,
            f"ghosts have {found.ghosting:.0%} of the signal, {settings.ghosting_limit:.0%} is the limit",
        )


def _noise(voxels: Float, inside: Mask) -> float:
    """Return the noise of a voxel from second differences in the plane, which leave no tissue (Immerkær, CVIU 1996)."""
    along = voxels[:, :-2] - 2 * voxels[:, 1:-1] + voxels[:, 2:]
    curvature = along[:, :, :-2] - 2 * along[:, :, 1:-1] + along[:, :, 2:]
    within = ndimage.binary_erosion(inside, EDGE)[:, 1:-1, 1:-1]
    values = curvature[within]
    return MAD_TO_SD * float(np.median(np.abs(values))) / CURVATURE_SD if values.size else 0.0


def _ghosting(voxels: Float, inside: Mask, signal: float) -> float:
    """Compare the background above and below the head with that beside it (ACR MR quality control manual)."""
    if not signal > 0:
        return 0.0
    rows, columns = np.asarray(inside.any(axis=2))[:, :, None], np.asarray(inside.any(axis=1))[:, None, :]
    vertical, horizontal = voxels[columns & ~rows], voxels[rows & ~columns]
    if not vertical.size or not horizontal.size:
        return 0.0
    return abs(float(vertical.mean()) - float(horizontal.mean())) / (2 * signal)


def movement_mm(series: Series4D) -> float:
    """Return how far the head moves between the first volume and any other, by phase correlation.

    Only edges count, so that a bolus which darkens the brain is no movement. A turn shows as a shift of the edges.
    """
    spacing = np.array(series.geometry.spacing_mm[::-1])
    first = np.conj(fft.rfftn(_windowed(series.voxels[0])))
    shifts = [_shift(first, volume) for volume in series.voxels[1:]]
    return float(max((np.linalg.norm(shift * spacing) for shift in shifts), default=0.0))


def _windowed(volume: Float) -> Float:
    """Let the image fade at its borders: they are edges, too, and never move."""
    for axis, n in enumerate(volume.shape):
        shape = [1, 1, 1]
        shape[axis] = n
        volume = volume * np.hanning(n + 2)[1:-1].astype(np.float32).reshape(shape)
    return volume


def _shift(first: np.ndarray, volume: Float) -> np.ndarray:
    cross = first * fft.rfftn(_windowed(volume))
    correlation = fft.irfftn(cross / np.maximum(np.abs(cross), 1e-6), s=volume.shape)
    peak = np.array(np.unravel_index(int(correlation.argmax()), volume.shape))
    size = np.array(volume.shape)
    return np.where(peak > size // 2, peak - size, peak)
