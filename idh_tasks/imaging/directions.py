"""Averages diffusion-weighted images over gradient directions, so that the result shows the trace of the tensor."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idh_tasks.dicom.gradient import Gradient
from idh_tasks.domain.volume import Float

Weights = NDArray[np.float64]

SIGNAL_FLOOR = 0.01
"""Signals below this fraction of their voxel's mean are set to it: a single zero must not erase a voxel."""
IMBALANCE_LIMIT = 0.05
"""Error of the mean diffusivity, relative to the anisotropy of the tensor, above which directions are unbalanced."""
NOISE_LIMIT = 4.0
"""Weights that raise the variance of the noise by more than this factor are not used."""


def geometric_mean(images: Float, weights: Weights | None = None) -> Float:
    """Return exp of the mean of the logarithms over the first axis.

    The logarithm of a signal is linear in g·D·g, so over balanced directions its mean is that of the mean diffusivity.
    The arithmetic mean is larger wherever diffusion is anisotropic, which makes the ADC too small.

    Parameters
    ----------
    images
        Shape (n, ...), in any unit; values that are not positive count as `SIGNAL_FLOOR` of their voxel's mean.
    weights
        Weight of each image, with a sum of 1; equal weights if not given.
    """
    if len(images) == 1:
        return np.asarray(images[0], dtype=np.float32)
    positive = np.maximum(images, 0).astype(np.float64)
    floor = SIGNAL_FLOOR * positive.mean(axis=0)
    logs = np.log(np.where(floor > 0, np.maximum(positive, floor), 1.0))
    mean = np.average(logs, axis=0, weights=weights)
    return np.asarray(np.where(floor > 0, np.exp(mean), 0.0), dtype=np.float32)


def trace_image(images: Float, gradients: Sequence[Gradient | None]) -> Float:
    """Return the image of the mean diffusivity from one image of shape (n, ...) for each gradient direction.

    Where a direction is not stated, all images have the same weight.
    """
    stated = [gradient for gradient in gradients if gradient is not None]
    weights = trace_weights(stated)[0] if stated and len(stated) == len(images) else None
    return geometric_mean(images, weights)


def trace_weights(gradients: ArrayLike) -> tuple[Weights, float]:
    """Return the weights with which the mean of logarithms shows the mean diffusivity, and the remaining imbalance.

    With Σ w·ggᵀ = I/3 the weighted mean of g·D·g is trace(D)/3 for every tensor D. Among the weights that fulfil it,
    those with the least noise are taken; where directions are balanced, all are equal. This is the trace of the
    tensor that is fitted to the logarithms by least squares (Basser, J Magn Reson B 1994).

    Parameters
    ----------
    gradients
        Gradient directions of shape (n, 3), in any orthogonal axes and of any length but 0.

    Returns
    -------
    tuple
        Weights with a sum of 1. If no such weights exist or they would raise the noise too much, equal weights. The
        imbalance is the largest deviation of an eigenvalue of Σ w·ggᵀ from 1/3, at most 2/3.
    """
    g = np.asarray(gradients, dtype=np.float64)
    g = g / np.linalg.norm(g, axis=1, keepdims=True)
    outer = g[:, :, None] * g[:, None, :]
    fitted = np.linalg.lstsq(outer.reshape(-1, 9).T, np.eye(3).ravel() / 3, rcond=1e-6)[0]
    equal = np.full(len(g), 1 / len(g))
    useful = _imbalance(outer, fitted) < IMBALANCE_LIMIT and len(g) * float((fitted**2).sum()) <= NOISE_LIMIT
    weights = fitted / fitted.sum() if useful else equal
    return weights, _imbalance(outer, weights)


def _imbalance(outer: Weights, weights: Weights) -> float:
    """Return the largest deviation of an eigenvalue of Σ w·ggᵀ from 1/3."""
    return float(np.abs(np.linalg.eigvalsh(np.tensordot(weights, outer, axes=1)) - 1 / 3).max())
