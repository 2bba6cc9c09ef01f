"""Signal equations of the sequences that the phantom acquires."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.phantom.tissue import Properties

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Readout:
    """The train of gradient echoes after each inversion of an MPRAGE: how many, how far apart, and the flip angle."""

    echoes: int
    spacing_ms: float
    flip_deg: float


@dataclass(frozen=True)
class Timing:
    """TR, TE and TI in ms; `contrast` is whether a contrast agent was given, and `readout` makes it an MPRAGE."""

    tr: float
    te: float
    ti: float | None = None
    contrast: bool = False
    readout: Readout | None = None


def magnitude(tissue: Properties, timing: Timing) -> float:
    """Return the magnitude signal of a spin echo, of an inversion recovery if there is a TI, or of an MPRAGE.

    S = PD·M·e^(−TE/T2). A spin echo has M = 1 − e^(−TR/T1), and with inversion M = |1 − 2e^(−TI/T1) + e^(−TR/T1)|.
    """
    t1 = tissue.t1_contrast if timing.contrast else tissue.t1
    return float(tissue.density * _magnetisation(t1, timing) * np.exp(-timing.te / tissue.t2))


def _magnetisation(t1: float, timing: Timing) -> float:
    """Return the magnetisation that gives the signal, relative to that in equilibrium."""
    saturation = np.exp(-timing.tr / t1)
    if timing.ti is None:
        return float(1 - saturation)
    if timing.readout is not None:
        return _mprage(t1, timing.tr, timing.ti, timing.readout)
    return float(abs(1 - 2 * np.exp(-timing.ti / t1) + saturation))


def _mprage(t1: float, tr: float, ti: float, readout: Readout) -> float:
    """Return the transverse magnetisation in the middle of the train (Wang et al., PLoS ONE 2014, 9:e96899).

    The train drives the magnetisation towards its own steady state (Look and Locker, Rev Sci Instrum 1970), for which
    an MPRAGE does not null fluid as a plain inversion recovery of the same TI would.
    """
    flip, half_ms = np.deg2rad(readout.flip_deg), readout.echoes * readout.spacing_ms / 2
    effective_t1 = 1 / (1 / t1 - np.log(np.cos(flip)) / readout.spacing_ms)
    driven, half = effective_t1 / t1, np.exp(-half_ms / effective_t1)
    before, after = np.exp(-(ti - half_ms) / t1), np.exp(-(tr - ti - half_ms) / t1)
    # M at the end of the train is driven + slope·M₀, and inversion maps it to the start of the next.
    unmoved = (1 - before * (2 - after) - driven) * half**2 + driven
    end = unmoved / (1 + before * after * half**2)
    start = 1 - before * (2 - after + after * end)
    return float(abs(driven + (start - driven) * half) * np.sin(flip))


def diffusion(tissue: Properties, timing: Timing, b_value: float) -> float:
    """Return the diffusion-weighted signal S₀·e^(−b·ADC), b in s/mm²."""
    return magnitude(tissue, timing) * float(np.exp(-b_value * tissue.adc * 1e-6))


def bolus(time_s: Curve, arrival_s: float) -> Curve:
    """Return the concentration of a contrast agent: a first pass with peak 1, and some recirculation."""
    since = np.clip(time_s - arrival_s, 0, None)
    alpha, beta = 3.0, 1.5
    first_pass = (since / (alpha * beta)) ** alpha * np.exp(alpha - since / beta)
    recirculation = 0.12 * (1 - np.exp(-np.clip(since - 8, 0, None) / 6))
    return np.asarray(first_pass + recirculation, dtype=np.float64)


PEAK_RATE = 7.0
"""ΔR2* at the peak of the bolus in 1/s for a relative CBV of 1."""


def relaxation_change(tissue: Properties, concentration: Curve, step_s: float) -> Curve:
    """Return ΔR2*(t) in 1/s with T1-dominant leakage (Boxerman 2006, eq. A4)."""
    integral = np.cumsum(concentration) * step_s
    return PEAK_RATE * (tissue.cbv * concentration - tissue.leakage * integral)


def perfusion(tissue: Properties, timing: Timing, change: Curve) -> Curve:
    """Return the T2*-weighted signal S₀·e^(−TE·ΔR2*) over time."""
    return magnitude(tissue, timing) * np.exp(-timing.te * 1e-3 * change)
