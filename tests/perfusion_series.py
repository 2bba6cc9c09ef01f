"""Generates DSC series with planted blood volume, leakage, arrival, transients and motion."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter
from scipy.spatial.transform import Rotation

from idh_tasks.domain.volume import Series4D, Triple
from idh_tasks.imaging.perfusion import Perfusion
from idh_tasks.phantom.signal import PEAK_RATE, bolus
from tests.factories import ball, geometry

Curve = NDArray[np.float64]
FINE_S = 0.05
SHAPE = (4, 32, 32)
BRAIN = (slice(None), slice(4, 28), slice(4, 28))
TUMOUR = (slice(None), slice(10, 18), slice(10, 18))
INSIDE = (slice(None), slice(11, 17), slice(11, 17))
WHITE = (slice(None), slice(20, 26), slice(6, 26))


@dataclass(frozen=True)
class Planted:
    """Properties of the tumour, relative to brain with blood volume 1, and of the scan.

    Attributes
    ----------
    leakage
        K2 in 1/s.
    enhancement
        Relative rise of the signal of every echo per unit of ∫c dt, which shortening of T1 causes.
    """

    cbv: float = 3.0
    leakage: float = 0.0
    enhancement: float = 0.0
    delay_s: float = 0.0
    dispersion_s: float = 0.0
    step_s: float = 1.5
    count: int = 50
    arrival_s: float = 16.0
    echo_time_ms: float = 30.0
    noise: float = 0.0

    def series(self) -> Series4D:
        """Return the series, with air around the brain."""
        normal, _ = self._arrived(0, 0)
        curve, integral = self._arrived(self.delay_s, self.dispersion_s)
        signal = np.zeros((self.count, *SHAPE))
        signal[:, *BRAIN] = self._signal(normal)
        tumour = self._signal(self.cbv * curve - self.leakage * integral) * (1 + self.enhancement * _column(integral))
        signal[:, *TUMOUR] = tumour
        noise = np.random.default_rng(1).normal(0, 800 * self.noise, (2, *signal.shape))
        voxels = np.hypot(signal + noise[0], noise[1]).astype(np.float32)
        return Series4D(voxels, geometry(SHAPE, 4.0), tuple(self.times.tolist()), self.echo_time_ms)

    @property
    def times(self) -> Curve:
        """Return the times of the volumes in s."""
        return np.arange(self.count, dtype=np.float64) * self.step_s

    def _signal(self, concentration: Curve) -> Curve:
        return np.asarray(800 * np.exp(-self.echo_time_ms * 1e-3 * PEAK_RATE * _column(concentration)))

    def _arrived(self, delay_s: float, dispersion_s: float) -> tuple[Curve, Curve]:
        """Return concentration and its integral, computed on a fine grid of times."""
        fine = np.arange(0, self.times[-1] + FINE_S, FINE_S)
        curve = bolus(fine, self.arrival_s + delay_s)
        if dispersion_s:
            kernel = np.exp(-np.arange(0, 10 * dispersion_s, FINE_S) / dispersion_s)
            curve = np.convolve(curve, kernel / kernel.sum())[: len(fine)]
        integral = np.cumsum(curve) * FINE_S
        return np.interp(self.times, fine, curve), np.interp(self.times, fine, integral)


def tumour_to_white(perfusion: Perfusion) -> float:
    """Return rCBV of the tumour relative to the brain around it."""
    return float(perfusion.rcbv.voxels[INSIDE].mean() / np.median(perfusion.rcbv.voxels[WHITE]))


HEAD = (12, 48, 48)
FULL = (22, 48, 48)
"""The scanner sees the middle slices; motion brings others into view."""
HEAD_MM = 4.0


Displacement = tuple[Triple, Triple]
"""Rotation vector in degrees and shift in mm, in (z, y, x)."""


def head_series(moved: Mapping[int, Displacement], noise: float = 0.01) -> Series4D:
    """Return a head with texture, some of whose volumes are displaced."""
    times = np.arange(36, dtype=np.float64) * 1.5
    rng = np.random.default_rng(3)
    folds = np.sign(gaussian_filter(rng.standard_normal(FULL), 1.5))
    brain, scalp = ball(FULL, 18), ball(FULL, 21)
    still = np.where(brain, 600 + 120 * folds, np.where(scalp, 300, 0))
    still = gaussian_filter(np.where(ball(FULL, 4, (10.5, 17, 23)), 1100, still), 0.7)
    blood = gaussian_filter(np.where(brain, 1.5 + 0.5 * folds, 0.0), 0.7)
    frames = still * np.exp(-0.03 * PEAK_RATE * blood * bolus(times, 14)[:, None, None, None])
    for volume, (degrees, shift_mm) in moved.items():
        frames[volume] = _displaced(frames[volume], degrees, shift_mm)
    seen = frames[:, 5:17]
    real, imaginary = rng.normal(0, noise * 700, (2, *seen.shape))
    voxels = np.hypot(seen + real, imaginary).astype(np.float32)
    return Series4D(voxels, geometry(HEAD, HEAD_MM), tuple(times.tolist()), 30.0)


def _displaced(image: NDArray[np.float64], degrees: Triple, shift_mm: Triple) -> NDArray[np.float64]:
    matrix = Rotation.from_rotvec(degrees, degrees=True).as_matrix()
    centre = (np.array(image.shape) - 1) / 2
    return np.asarray(affine_transform(image, matrix, centre - matrix @ centre + np.array(shift_mm) / HEAD_MM, order=3))


def _column(curve: Curve) -> Curve:
    return curve[:, None, None, None]
