"""Signal equations of the sequences that the phantom acquires."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.phantom.tissue import Properties

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Timing:
    """TR, TE and TI in ms; `contrast` is whether a contrast agent was given."""

    tr: float
    te: float
    ti: float | None = None
    contrast: bool = False


def magnitude(tissue: Properties, timing: Timing) -> float:
    """Return the magnitude signal of a spin echo, or of an inversion recovery if there is a TI.

    S = PD·|1 − e^(−TR/T1)|·e^(−TE/T2), and with inversion
    S = PD·|1 − 2e^(−TI/T1) + e^(−TR/T1)|·e^(−TE/T2).
    """
    t1 = tissue.t1_contrast if timing.contrast else tissue.t1
    saturation = np.exp(-timing.tr / t1)
    inversion = 0.0 if timing.ti is None else 2 * (np.exp(-timing.ti / t1) - saturation)
    longitudinal = 1 - saturation - inversion
    return float(tissue.density * abs(longitudinal) * np.exp(-timing.te / tissue.t2))


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
