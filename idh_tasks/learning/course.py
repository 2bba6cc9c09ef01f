"""One training over its epochs, whoever computes them: what each shows, what is watched, and when it ends."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Selection
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.learning.augmentation import balanced_order
from idh_tasks.learning.checkpoints import Checkpoints, NoCheckpoints, Progress, unpacked
from idh_tasks.learning.forward import trained_variables
from idh_tasks.learning.network import build_network
from idh_tasks.learning.selection import Best, finished, set_aside
from idh_tasks.settings import LearningSettings

# A GPU would round factors to 10 bits (TF32), in training and prediction; nobody has seen yet that our results hold.
tf.config.experimental.enable_tensor_float_32_execution(False)

CURVE_POINTS = 50


@dataclass(frozen=True)
class Patches:
    """Patches of shape (n, size, size) with their labels (n,), mutant = 1."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]

    def only(self, rows: NDArray[np.int64]) -> "Patches":
        """Return some of them."""
        return Patches(self.x[rows], self.y[rows])


@dataclass(frozen=True)
class Task:
    """What one training is given.

    Parameters
    ----------
    data
        Patches to learn from, rotated by [0°, 90°] and balanced; with ``select=inner`` a fifth of them only chooses.
    held_out
        Patches whose loss is recorded; they choose nothing. May be empty.
    fold, checkpoints
        Under which number the state is kept, and where; a training that was killed goes on from there.
    """

    data: Patches
    held_out: Patches
    seed: int
    fold: int = 0
    checkpoints: Checkpoints = field(default_factory=NoCheckpoints)


@dataclass(frozen=True)
class Trained:
    """A trained network, its loss on the held-out patches over epochs, and where it ran."""

    model: keras.Model
    curve: tuple[tuple[int, float], ...]
    device: str


class Learner:
    """A network of the paper with its optimiser, as the seed has made it."""

    def __init__(self, size: int, settings: LearningSettings, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self.model = build_network(size, settings)
        self.optimizer = keras.optimizers.Adam(settings.learning_rate)
        self.optimizer.build(trained_variables(self.model))

    def state(self) -> list[NDArray[np.float32]]:
        """Return everything that the next epoch depends on."""
        return [v.numpy() for v in (*self.model.variables, *self.optimizer.variables)]

    def restore(self, state: Sequence[NDArray[np.float32]]) -> None:
        """Go back to where a checkpoint was made."""
        for variable, value in zip((*self.model.variables, *self.optimizer.variables), state, strict=True):
            variable.assign(value)

    def loss(self, of: Patches) -> float:
        """Return the categorical cross-entropy on patches."""
        given = self._predict(of.x[..., None]).numpy()
        chosen = given[np.arange(len(of.y)), of.y]
        return float(-np.log(np.clip(chosen, 1e-7, 1)).mean())

    def finite(self) -> bool:
        """Tell whether all weights are numbers: a ReLU may hide from the loss that they are not."""
        return all(np.isfinite(weight).all() for weight in self.model.get_weights())

    @cached_property
    def _predict(self) -> tf.types.experimental.PolymorphicFunction:
        return tf.function(lambda x: self.model(x, training=False))


class Course:
    """How far one training is: its epoch, the curve so far, and the best weights if they are kept.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if ``select=inner`` has too few patches to choose by.
    """

    def __init__(self, task: Task, settings: LearningSettings) -> None:
        self._task, self._settings = task, settings
        self.learn: Patches = task.data
        self._choose: Patches | None = None
        if settings.select is Selection.INNER:
            learn, choose = set_aside(task.data.y, task.seed)
            self.learn, self._choose = task.data.only(learn), task.data.only(choose)
        self.learner = Learner(task.data.x.shape[1], settings, task.seed)
        found = unpacked(task.checkpoints.load(task.fold))
        if found:
            self.learner.restore(found.state)
        self._epoch, self._best = (found.epoch, found.best) if found else (0, None)
        self._curve = list(found.curve) if found else []
        self._watched = set(np.linspace(1, settings.epochs, CURVE_POINTS).astype(int).tolist())

    @property
    def finished(self) -> bool:
        """Tell whether no epoch is left."""
        return finished(self._epoch, self._best, self._settings)

    @property
    def looks_at_next(self) -> bool:
        """Tell whether the weights will be looked at after the next epoch."""
        following = self._epoch + 1
        kept = following % self._settings.checkpoint_every == 0 or following == self._settings.epochs
        return kept or following in self._watched or self._choose is not None

    def next_epoch(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return order and angles of the next epoch, which follow from seed and number alone: any can be the first."""
        rng = np.random.default_rng([self._task.seed, self._epoch + 1])
        order = balanced_order(self.learn.y, rng)
        return order, rng.uniform(0, 90, len(order)).astype(np.float32)

    def ended(self, loss: float) -> None:
        """Take note of an epoch that was computed.

        Raises
        ------
        RunRefusedError
            ``E_NAN_LOSS`` if the loss or a weight stops being a number.
        """
        self._epoch += 1
        watched = self._epoch in self._watched
        if not np.isfinite(loss) or (watched and not self.learner.finite()):
            raise RunRefusedError(Code.E_NAN_LOSS, f"loss or weights are no numbers at epoch {self._epoch}")
        if watched and len(self._task.held_out.y):
            self._curve.append((self._epoch, self.learner.loss(self._task.held_out)))
        if self._choose is not None:
            self._keep_best(self.learner.loss(self._choose))
        if self._epoch % self._settings.checkpoint_every == 0 or self.finished:
            progress = Progress(self._epoch, loss, tuple(self._curve), self.learner.state(), self._best)
            self._task.checkpoints.save(self._task.fold, progress)

    def _keep_best(self, chosen: float) -> None:
        if self._best is None or chosen < self._best.loss:
            self._best = Best(self._epoch, chosen, self.learner.model.get_weights())

    def trained(self, device: str) -> Trained:
        """Return the network with the weights that are kept."""
        if self._best:
            self.learner.model.set_weights(self._best.weights)
        return Trained(self.learner.model, tuple(self._curve), device)


def device_of(settings: LearningSettings) -> str:
    """Return what will be trained on.

    Raises
    ------
    TransientError
        ``E_GPU`` if a GPU is asked for and missing: another try may find it again.
    """
    if tf.config.list_physical_devices("GPU"):
        return "GPU"
    if settings.device == "gpu":
        raise TransientError(
            Code.E_GPU, "a GPU is asked for and there is none; mend it, or allow IDH_LEARNING__DEVICE=any"
        )
    return "CPU"


@contextmanager
def failures_named(device: str) -> Iterator[None]:
    """Give the failure of a device its code, ``E_GPU``."""
    try:
        yield
    except (tf.errors.ResourceExhaustedError, tf.errors.InternalError, tf.errors.UnknownError) as error:
        kind = type(error).__name__
        raise TransientError(
            Code.E_GPU, f"{device} failed ({kind}); look at the device, or try a smaller batch"
        ) from None
