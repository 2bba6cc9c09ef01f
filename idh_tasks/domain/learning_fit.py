"""The learning curves of one sequence, and the exponential that describes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Curve = Sequence[tuple[int, float]]
"""Pairs of an epoch and a loss."""


class NoFit(StrEnum):
    """Why no exponential describes a learning curve."""

    FLAT = "does not decay"
    SHORT = "too few epochs to fit"


@dataclass(frozen=True)
class Exponential:
    """The function a·e^(−b·x) + c of the epoch x, the paper's equation 1; no parameter is negative."""

    a: float
    b: float
    c: float

    def __call__(self, x: Array) -> Array:
        """Return the loss at epochs x."""
        return np.asarray(self.a * np.exp(-self.b * x) + self.c)

    def __str__(self) -> str:
        return f"{self.a:.2g}·exp(−{self.b:.2g}·x) + {self.c:.2g}"


@dataclass(frozen=True)
class LearningCurves:
    """The losses of each fold on held-out and on training patches, and what fits the mean held-out loss."""

    held_out: Sequence[Curve]
    training: Sequence[Curve]
    fit: Exponential | NoFit
