"""Measures the quality of an image: signal-to-noise ratio and ghosting."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.head import head_mask
from idh_tasks.settings import ImagingSettings

MAD_TO_SD = 1.4826
BORDER = np.ones((1, 5, 5), dtype=bool)
"""Structuring element that removes the border of the head, where second differences show tissue and not noise."""
CURVATURE_SD = 6.0
"""Noise of the second difference along both rows and columns, relative to the noise of a voxel."""


@dataclass(frozen=True)
class Quality:
    """Figures of the image that is used to register a series.

    Attributes
    ----------
    signal_to_noise
        Median signal of the head over the noise of a voxel.
    ghosting
        Difference between the background signal along the two in-plane axes, over twice the signal of the head.
    """

    signal_to_noise: float
    ghosting: float


def measure_quality(volume: Volume) -> Quality:
    """Measure the quality of an image in its own slices."""
    head = head_mask(volume)
    signal = float(np.median(volume.voxels[head])) if head.any() else 0.0
    noise = _noise(volume.voxels, head)
    # Computed images may be free of noise, which does not make them worse.
    return Quality(signal / noise if noise > 0 else float("inf"), _ghosting(volume.voxels, head, signal))


def check_quality(quality: Quality, settings: ImagingSettings) -> None:
    """Check that an image is good enough to be read.

    Raises
    ------
    SeriesRejectedError
        ``E_QUALITY`` with the figure and its limit.
    """
    if quality.signal_to_noise < settings.signal_to_noise_floor:
        raise SeriesRejectedError(
            Code.E_QUALITY,
            f"signal to noise is {quality.signal_to_noise:.1f}, {settings.signal_to_noise_floor:g} is needed",
        )
    if quality.ghosting > settings.ghosting_limit:
        raise SeriesRejectedError(
            Code.E_QUALITY,
            f"ghosts have {quality.ghosting:.0%} of the signal, the limit is {settings.ghosting_limit:.0%}",
        )


def _noise(voxels: Float, head: Mask) -> float:
    """Return the noise of a voxel from in-plane second differences, which cancel tissue (Immerkær, CVIU 1996)."""
    interior = ndimage.binary_erosion(head, BORDER)[:, 1:-1, 1:-1]
    # One slice at a time: the differences of a whole volume would take several times its memory.
    values = np.concatenate([_curvature(pixels)[inside] for pixels, inside in zip(voxels, interior, strict=True)])
    return MAD_TO_SD * float(np.median(np.abs(values))) / CURVATURE_SD if values.size else 0.0


def _curvature(pixels: Float) -> Float:
    along_rows = pixels[:-2] - 2 * pixels[1:-1] + pixels[2:]
    return along_rows[:, :-2] - 2 * along_rows[:, 1:-1] + along_rows[:, 2:]


def _ghosting(voxels: Float, head: Mask, signal: float) -> float:
    """Compare the background above and below the head with that beside it (ACR MRI quality control manual)."""
    if not signal > 0:
        return 0.0
    rows, columns = np.asarray(head.any(axis=2))[:, :, None], np.asarray(head.any(axis=1))[:, None, :]
    vertical, horizontal = voxels[columns & ~rows], voxels[rows & ~columns]
    if not vertical.size or not horizontal.size:
        return 0.0
    return abs(float(vertical.mean()) - float(horizontal.mean())) / (2 * signal)
