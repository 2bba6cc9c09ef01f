"""What one training is given, and what it returns."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.learning import LearningCurve
from idh_tasks.learning.backend import keras
from idh_tasks.learning.checkpoints import CheckpointStore, NoCheckpoints
from idh_tasks.learning.images import Images, select


@dataclass(frozen=True)
class Patches:
    """Patches (n, size, size) with their labels (n,), mutant = 1."""

    x: Images
    y: NDArray[np.int64]

    def only(self, rows: NDArray[np.int64]) -> "Patches":
        """Return the patches at these indices, without a copy of them."""
        return Patches(select(self.x, rows), self.y[rows])


@dataclass(frozen=True)
class TrainingJob:
    """The training of one network.

    Parameters
    ----------
    data
        Patches to learn from, balanced and rotated by 0° to 90°; with ``select=inner`` a fifth of them only selects
        the weights.
    held_out
        Patches whose loss is recorded but does not affect the training; may be empty.
    fold, checkpoints
        The number and the store of its checkpoints, from which a killed training resumes.
    """

    data: Patches
    held_out: Patches
    seed: int
    fold: int = 0
    checkpoints: CheckpointStore = field(default_factory=NoCheckpoints)


@dataclass(frozen=True)
class TrainedNetwork:
    """A trained network, the device that trained it, and its losses on held-out and on training patches over epochs."""

    model: keras.Model
    curve: LearningCurve
    device: str
    training_curve: LearningCurve = ()
