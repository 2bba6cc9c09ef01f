"""The progress of one training over its epochs, independent of how the epochs are computed."""

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Selection
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.augmentation import balanced_order
from idh_tasks.learning.checkpoints import Checkpoint, deserialize
from idh_tasks.learning.learner import Learner
from idh_tasks.learning.selection import Best, finished, set_aside
from idh_tasks.learning.training_job import Patches, TrainedNetwork, TrainingJob
from idh_tasks.settings import LearningSettings

CURVE_POINTS = 50
"""Epochs at which the loss on held-out patients is recorded and the weights are checked."""


class TrainingState:
    """One training: its network, the epochs done, the learning curve, and the best weights if they are selected.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if ``select=inner`` has too few patches to select by.
    """

    def __init__(self, job: TrainingJob, settings: LearningSettings) -> None:
        self._job, self._settings = job, settings
        self.learn: Patches = job.data
        self._inner: Patches | None = None
        if settings.select is Selection.INNER:
            learn, inner = set_aside(job.data.y, job.seed)
            self.learn, self._inner = job.data.only(learn), job.data.only(inner)
        self.learner = Learner(job.data.x.shape[1], settings, job.seed)
        self._recorded = set(np.linspace(1, settings.epochs, CURVE_POINTS).astype(int).tolist())
        self._resume()

    def _resume(self) -> None:
        """Continue from the latest checkpoint, or start at epoch 0."""
        checkpoint = deserialize(self._job.checkpoints.load(self._job.fold))
        if checkpoint:
            self.learner.restore(checkpoint.state)
        self._epoch, self._best = (checkpoint.epoch, checkpoint.best) if checkpoint else (0, None)
        self._curve = list(checkpoint.curve) if checkpoint else []
        self._training_curve = list(checkpoint.training_curve) if checkpoint else []

    @property
    def finished(self) -> bool:
        """Return whether no epoch is left."""
        return finished(self._epoch, self._best, self._settings)

    @property
    def needs_weights_next(self) -> bool:
        """Return whether the next epoch is followed by a check, a checkpoint or a selection of weights."""
        epoch = self._epoch + 1
        saved = epoch % self._settings.checkpoint_every == 0 or epoch == self._settings.epochs
        return saved or epoch in self._recorded or self._inner is not None

    def next_epoch(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return order and rotation angles of the next epoch.

        They depend on seed and epoch alone, so that a training can resume at any epoch.
        """
        rng = np.random.default_rng([self._job.seed, self._epoch + 1])
        order = balanced_order(self.learn.y, rng)
        return order, rng.uniform(0, 90, len(order)).astype(np.float32)

    def complete_epoch(self, loss: float) -> None:
        """Record an epoch that has been computed, with its mean training loss.

        Raises
        ------
        RunRefusedError
            ``E_NAN_LOSS`` if the loss or a weight is no longer finite.
        """
        self._epoch += 1
        recorded = self._epoch in self._recorded
        if not np.isfinite(loss) or (recorded and not self.learner.finite()):
            raise RunRefusedError(Code.E_NAN_LOSS, f"the loss or a weight is not finite after epoch {self._epoch}")
        if recorded:
            self._training_curve.append((self._epoch, loss))
        if recorded and len(self._job.held_out.y):
            self._curve.append((self._epoch, self.learner.loss(self._job.held_out)))
        if self._inner is not None:
            self._keep_best(self.learner.loss(self._inner))
        if self._epoch % self._settings.checkpoint_every == 0 or self.finished:
            curve, training_curve = tuple(self._curve), tuple(self._training_curve)
            checkpoint = Checkpoint(self._epoch, loss, curve, self.learner.state(), self._best, training_curve)
            self._job.checkpoints.save(self._job.fold, checkpoint)

    def _keep_best(self, inner_loss: float) -> None:
        if self._best is None or inner_loss < self._best.loss:
            self._best = Best(self._epoch, inner_loss, self.learner.model.get_weights())

    def trained(self, device: str) -> TrainedNetwork:
        """Return the network with the selected weights."""
        if self._best:
            self.learner.model.set_weights(self._best.weights)
        return TrainedNetwork(self.learner.model, tuple(self._curve), device, tuple(self._training_curve))
