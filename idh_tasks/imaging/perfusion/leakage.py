"""Blood volume of every voxel from its own arrival of the bolus, corrected for leakage of the contrast agent."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter
from scipy.signal import lfilter

from idh_tasks.domain.volume import Float, Mask
from idh_tasks.imaging.perfusion.first_pass import Curve, FirstPass

DELAYS_S = np.arange(-3.0, 9.5, 0.75)
"""Arrival of the bolus in a voxel relative to the mean of the reference tissue."""
DISPERSIONS_S = (0.0, 1.0, 2.0, 3.5, 6.0, 10.0)
"""Mean time by which the bolus is widened on its way to a voxel, relative to the reference tissue."""
USUAL_DELAY_S, USUAL_DISPERSION_S = 3.0, 3.0
"""Scale of delays and dispersions in brain; they decide only where noise leaves the arrival open."""
TAIL = 2.0
"""The first pass of a dispersed curve ends later by this many times the dispersion."""
TINY = 1e-6
"""Variance in 1/s² of a series without noise."""
SMOOTH_VOXELS = 0.8
"""Standard deviation of the in-plane smoothing by which neighbours share the evidence on the arrival."""


@dataclass(frozen=True)
class BloodVolume:
    """Per voxel: blood volume relative to the reference tissue, leakage K2 in 1/s, and delay in s."""

    volume: Float
    k2: Float
    delay_s: Float


def blood_volume(
    change: Float, mask: Mask, reference: Curve, first_pass: FirstPass, step_s: float, *, leakage: bool
) -> BloodVolume:
    """Compare the area under the first pass of every voxel with that of the reference.

    The model is ΔR2*(t) = K1·R(t) − K2·∫R dt (Boxerman, Schmainda and Weisskoff, AJNR 2006, equations A4 to A6), in
    which R is the reference curve as it arrives in the voxel: delayed, and dispersed by an exponential kernel. Blood
    volume is (∫ΔR2* dt + K2·∬R dt' dt) / ∫R dt over the first pass in the voxel.

    Parameters
    ----------
    change
        ΔR2* in 1/s, of shape (t, n).
    mask
        The n voxels on the grid of the series.
    reference
        R(t), the mean curve of tissue without leakage, in 1/s.
    leakage
        Whether to add the leakage term.
    """
    arrivals = [
        Arrival.of(reference, first_pass.end, step_s, delay, dispersion)
        for dispersion in DISPERSIONS_S
        for delay in DELAYS_S
    ]
    variance = float(np.median(change[: first_pass.baseline + 1].var(axis=0))) + TINY
    # With the variance of a single voxel as scale, the evidence of its neighbours is not counted as if independent.
    best = np.argmax(
        [shared(arrival.explained(change) / (2 * variance), mask) + arrival.prior for arrival in arrivals], axis=0
    )
    volume, k2 = np.zeros(change.shape[1], np.float32), np.zeros(change.shape[1], np.float32)
    for number, arrival in enumerate(arrivals):
        chosen = best == number
        k2[chosen] = arrival.k2(change[:, chosen])
        volume[chosen] = arrival.volume(change[:, chosen], k2[chosen] if leakage else np.float32(0))
    return BloodVolume(volume, k2, np.array([arrival.delay_s for arrival in arrivals], dtype=np.float32)[best])


@dataclass(frozen=True)
class Arrival:
    """The reference curve as it arrives in a voxel, and the least-squares fit of K1 and K2 to it.

    Attributes
    ----------
    prior
        Logarithm of the probability of this delay and dispersion before the curve is seen.
    curve, integral
        R and ∫R dt.
    window
        Weights that integrate over the first pass.
    solution
        Shape (2, t); maps a curve to K1 and K2.
    basis
        Shape (t, 2); an orthonormal basis of the model.
    """

    delay_s: float
    prior: float
    curve: Float
    integral: Float
    window: Float
    solution: Float
    basis: Float

    @classmethod
    def of(cls, reference: Curve, end: int, step_s: float, delay_s: float, dispersion_s: float) -> "Arrival":
        """Delay and disperse a reference curve whose first pass ends with volume `end`."""
        curve = delayed(dispersed(reference, dispersion_s, step_s), delay_s, step_s)
        integral = cumulative_trapezoid(curve, dx=step_s, initial=0)
        design = np.stack([curve, -integral], axis=1)
        window = _until(len(curve), end + (delay_s + TAIL * dispersion_s) / step_s, step_s)
        arrays = (curve, integral, window, np.linalg.pinv(design), np.linalg.qr(design).Q)
        prior = -0.5 * (delay_s / USUAL_DELAY_S) ** 2 - dispersion_s / USUAL_DISPERSION_S
        return cls(delay_s, prior, *(np.asarray(array, dtype=np.float32) for array in arrays))

    def explained(self, change: Float) -> Float:
        """Return the sum of squares of each curve that the model explains."""
        return np.asarray(((self.basis.T @ change) ** 2).sum(axis=0))

    def k2(self, change: Float) -> Float:
        """Return K2 in 1/s: positive where leakage shortens T1, negative where it shortens T2*."""
        return np.asarray(self.solution[1] @ change)

    def volume(self, change: Float, k2: Float | np.float32) -> Float:
        """Return the blood volume relative to the reference."""
        return np.asarray((self.window @ change + k2 * (self.window @ self.integral)) / (self.window @ self.curve))


def delayed(curve: Curve, delay_s: float, step_s: float) -> Curve:
    """Return a curve that arrives later by `delay_s`."""
    times = np.arange(len(curve)) * step_s
    return np.asarray(CubicSpline(times, curve)(np.clip(times - delay_s, times[0], times[-1])))


def dispersed(curve: Curve, mean_s: float, step_s: float) -> Curve:
    """Convolve a curve with an exponential kernel of this mean; exact for a curve that is linear between samples."""
    if mean_s == 0:
        return curve
    decay = np.exp(-step_s / mean_s)
    gain = mean_s * (1 - decay) / step_s
    inflow = np.concatenate([curve[:1], (1 - gain) * curve[1:] + (gain - decay) * curve[:-1]])
    return np.asarray(lfilter([1.0], [1.0, -decay], inflow))


def shared(evidence: Float, mask: Mask) -> Float:
    """Smooth a value per voxel within the slice."""
    image = np.zeros(mask.shape, dtype=np.float32)
    image[mask] = evidence
    return np.asarray(gaussian_filter(image, (0, SMOOTH_VOXELS, SMOOTH_VOXELS))[mask])


def _until(count: int, end: float, step_s: float) -> Curve:
    """Return the weights that integrate up to volume `end`, which may lie between two volumes."""
    return np.clip(end + 0.5 - np.arange(count), 0, 1) * step_s
