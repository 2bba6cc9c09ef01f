"""The apparent diffusion coefficient from two or more b-values."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import exp1

from idh_tasks.codes import Code
from idh_tasks.domain.volume import Float, Mask, Series4D, Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.decay import check_falls, check_slices_alike
from idh_tasks.imaging.directions import geometric_mean

Curves = NDArray[np.float64]

BRIGHT_PERCENTILE = 95
"""Percentile of the positive signals to which brighter ones are cut; spikes are fewer than the rest."""
SIGNAL_FLOOR = 0.1
"""Voxels below this fraction of the median signal of the head contain no tissue."""
NOISE_FLOOR = 3.0
"""Voxels below this multiple of the noise contain no tissue."""
LEAST_AIR = 0.1
"""Share of the field of view that must be air to measure the noise there; less is dark tissue."""
THRESHOLD_STEPS = 20
PHYSICAL_LIMIT = 4000.0
"""Largest ADC in 10⁻⁶ mm²/s that is reported."""
RAYLEIGH_MEDIAN = np.sqrt(2 * np.log(2))
"""Median magnitude of air, in standard deviations of the noise."""
REFITS = 2
"""Each refit takes weights and noise floor from the previous fit. A third changes the mean by < 0.1 % at S₀ = 40 σ."""
SLICE_SHARE = 0.5
"""Share of the tissue of a slice that must have signal at every b-value."""

PHYSICAL = (150.0, 3600.0)
"""ADC of living tissue and of fluid in 10⁻⁶ mm²/s, with noise."""
LEAST_PHYSICAL = 0.6
"""Share of the tissue that must have such an ADC."""


def fit_adc(dwi: Series4D) -> Volume:
    """Fit S = S₀·e^(−b·ADC) by weighted least squares on the logarithm of the signal, corrected for the noise floor.

    The noise of the logarithm increases as the signal falls, so each b-value is weighted by S². S is taken from the
    previous fit, because measured signals as weights would favour those raised by noise (Salvador et al., Hum Brain
    Mapp 2005). The logarithm of a magnitude exceeds that of its true signal A by ½·E₁(A²/2σ²) on average (mean of the
    log-Rice distribution); this bias is subtracted, with σ measured in the air around the head. The unit of the signal
    does not matter.

    Parameters
    ----------
    dwi
        Voxels of shape (b, z, y, x); steps are b-values in s/mm² in ascending order.

    Returns
    -------
    Volume
        ADC in 10⁻⁶ mm²/s, within [0, 4000]; 0 in voxels without signal.

    Raises
    ------
    SeriesRejectedError
        ``E_EMPTY_IMAGE`` if the lowest b-value, or a slice at any other, has no signal; ``E_ADC_VALUES`` if the signal
        of most of the head does not fall with b as diffusion makes it fall; ``E_DWI_VOLUMES`` if a slice changes with
        b otherwise than the others.
    """
    tissue, sigma = _tissue_and_noise(dwi)
    _check_slices(dwi, tissue)
    check_falls(dwi, tissue)
    check_slices_alike(dwi, tissue, sigma)
    b_values = np.array(dwi.steps)[:, None]
    logs = _logs(dwi.voxels[:, tissue].astype(np.float64), b_values - b_values[0])
    s0, decay = _fit_line(logs, b_values, np.ones_like(logs))
    for _ in range(REFITS):
        signal = np.exp(s0 - b_values * np.clip(decay, 0, PHYSICAL_LIMIT * 1e-6))
        s0, decay = _fit_line(logs - _noise_bias(signal, sigma), b_values, signal**2)
    _check_decay(decay)
    adc = np.zeros(dwi.geometry.shape, dtype=np.float32)
    adc[tissue] = np.clip(decay * 1e6, 0, PHYSICAL_LIMIT)
    return Volume(adc, dwi.geometry)


def _tissue_and_noise(dwi: Series4D) -> tuple[Mask, float]:
    """Return the voxels that contain tissue, and the standard deviation of the noise."""
    lowest, head = dwi.voxels[0], _head(dwi.voxels)
    typical = float(np.median(lowest[head])) if head.any() else 0.0
    if not typical > 0:
        raise SeriesRejectedError(Code.E_EMPTY_IMAGE, "the image of the lowest b-value has no signal")
    # At higher b-values several directions have been averaged, which makes their noise smaller.
    sigma = _noise_sigma(lowest[~head]) if head.mean() < 1 - LEAST_AIR else 0.0
    return lowest > max(SIGNAL_FLOOR * typical, NOISE_FLOOR * sigma), sigma


def _head(over_b: Float) -> Mask:
    """Return the voxels above half the threshold that lies midway between the means of air and head.

    Averaged over b, fluid is hardly brighter than tissue: without weighting it would pass for the head, and the tissue
    for air. Threshold: Ridler and Calvard, IEEE Trans SMC 1978.
    """
    mean = geometric_mean(over_b)
    values = mean[mean > 0]
    values = np.minimum(values, np.percentile(values, BRIGHT_PERCENTILE)) if values.size else values
    threshold = float(values.mean()) if values.size else 0.0
    for _ in range(THRESHOLD_STEPS):
        above = values > threshold
        if above.all() or not above.any():
            break
        threshold = (float(values[above].mean()) + float(values[~above].mean())) / 2
    return np.asarray(mean > threshold / 2)


def _noise_sigma(air: Float) -> float:
    """Return σ from the magnitudes of air; 0 if the scanner has set most of the air to zero."""
    if not air.size or np.median(air) <= 0:
        return 0.0
    return float(np.median(air[air > 0]) / RAYLEIGH_MEDIAN)


def _check_slices(dwi: Series4D, tissue: Mask) -> None:
    """Check that no slice was lost at one of the b-values: its ADC would be that of water."""
    for b_value, voxels in zip(dwi.steps, dwi.voxels, strict=True):
        with_signal = ((voxels > 0) & tissue).sum(axis=(1, 2))
        lost = int((with_signal < SLICE_SHARE * tissue.sum(axis=(1, 2))).sum())
        if lost:
            raise SeriesRejectedError(Code.E_EMPTY_IMAGE, f"{lost} slices have no signal at b = {b_value:g}")


def _check_decay(decay: Curves) -> None:
    """Check that the signal falls with b: not so with swapped b-values, or volumes that were scaled one by one."""
    share = float(((decay > PHYSICAL[0] * 1e-6) & (decay < PHYSICAL[1] * 1e-6)).mean())
    if share < LEAST_PHYSICAL:
        raise SeriesRejectedError(
            Code.E_ADC_VALUES,
            f"in {share:.0%} of the head the signal falls with b as diffusion makes it fall, {LEAST_PHYSICAL:.0%} are"
            " needed",
        )


def _logs(signals: Curves, b_beyond_lowest: Curves) -> Curves:
    """Return logarithms; a signal below that of the largest possible ADC counts as that, zero and negative ones too."""
    least = signals[0] * np.exp(-b_beyond_lowest * PHYSICAL_LIMIT * 1e-6)
    return np.asarray(np.log(np.maximum(signals, least)))


def _noise_bias(signal: Curves, sigma: float) -> Curves:
    """Return by how much noise raises the mean logarithm; signals below σ are too uncertain and count as σ."""
    if sigma == 0:
        return np.zeros_like(signal)
    return np.asarray(exp1(np.maximum(signal / sigma, 1.0) ** 2 / 2) / 2)


def _fit_line(logs: Curves, b_values: Curves, weights: Curves) -> tuple[Curves, Curves]:
    """Return intercept and negative slope of the weighted line through logs of shape (b, n)."""
    total = weights.sum(axis=0)
    mean_b = (weights * b_values).sum(axis=0) / total
    centred = b_values - mean_b
    decay = -(weights * centred * logs).sum(axis=0) / (weights * centred**2).sum(axis=0)
    return (weights * logs).sum(axis=0) / total + decay * mean_b, decay
