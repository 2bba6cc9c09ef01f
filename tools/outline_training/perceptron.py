"""Fits a perceptron with one hidden layer by Adam to weighted voxels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.volume import Float
from idh_tasks.imaging.proposal.classifier import Classifier, standardised

Double = NDArray[np.float64]

HIDDEN, BATCH = 24, 2048
RATE, DECAY, DECAY_SQUARED, PENALTY = 3e-3, 0.9, 0.999, 1e-5


@dataclass(frozen=True)
class Sample:
    """Voxels of many patients: features, whether they belong to the tumour, and their weights."""

    features: Float
    tumour: Float
    weights: Float


def fit(sample: Sample, epochs: int, seed: int) -> Classifier:
    """Return the classifier with the least weighted cross-entropy that Adam finds, in double precision."""
    rng = np.random.default_rng(seed)
    features, tumour, weights = (part.astype(np.float64) for part in (sample.features, sample.tumour, sample.weights))
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-3
    features, weights = standardised(features, mean, spread), weights / weights.mean()
    count, width = features.shape
    parameters = _start(width, rng)
    adam = _Adam(parameters, epochs * (count // BATCH))
    for _ in range(epochs):
        order = rng.permutation(count)
        for start in range(0, count - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            adam.step(_gradient(parameters, features[chosen], tumour[chosen], weights[chosen]))
    return Classifier(*(values.astype(np.float32) for values in (mean, spread, *parameters)))


def _start(width: int, rng: np.random.Generator) -> list[Double]:
    hidden = rng.normal(0, 1 / np.sqrt(width), (width, HIDDEN))
    output = rng.normal(0, 1 / np.sqrt(HIDDEN), (HIDDEN, 1))
    return [hidden, np.zeros(HIDDEN), output, np.zeros(1)]


def _gradient(parameters: list[Double], features: Double, tumour: Double, weights: Double) -> list[Double]:
    hidden, bias, output, output_bias = parameters
    units = np.maximum(features @ hidden + bias, 0)
    logit = (units @ output + output_bias)[:, 0]
    error = ((1 / (1 + np.exp(-np.clip(logit, -30, 30))) - tumour) * weights / BATCH)[:, None]
    back = (error @ output.T) * (units > 0)
    return [features.T @ back + PENALTY * hidden, back.sum(0), units.T @ error + PENALTY * output, error.sum(0)]


class _Adam:
    """Adam with a cosine schedule (Kingma and Ba, ICLR 2015); changes the parameters in place."""

    def __init__(self, parameters: list[Double], steps: int) -> None:
        self._parameters, self._steps, self._step = parameters, steps, 0
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: list[Double]) -> None:
        """Move against the gradients."""
        self._step += 1
        rate = RATE / 2 * (1 + np.cos(np.pi * self._step / self._steps)) + 1e-5
        moments = zip(self._parameters, self._first, self._second, gradients, strict=True)
        for parameter, first, second, gradient in moments:
            np.add(first, (1 - DECAY) * (gradient - first), out=first)
            np.add(second, (1 - DECAY_SQUARED) * (gradient**2 - second), out=second)
            unbiased = second / (1 - DECAY_SQUARED**self._step)
            change = rate * (first / (1 - DECAY**self._step)) / (np.sqrt(unbiased) + 1e-8)
            np.subtract(parameter, change, out=parameter)
