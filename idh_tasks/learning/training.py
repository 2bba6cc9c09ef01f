"""Trains one network on resident data, one compiled graph an epoch; goes on from its last checkpoint."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from idh_tasks.domain.learning import Selection
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.learning.checkpoints import Checkpoints, NoCheckpoints, Progress, unpacked
from idh_tasks.learning.forward import trained_variables, training_forward
from idh_tasks.learning.network import build_network
from idh_tasks.learning.selection import Best, finished, set_aside
from idh_tasks.settings import LearningSettings

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
class Trained:
    """A trained network, its loss on the held-out patches over epochs, and where it ran."""

    model: keras.Model
    curve: tuple[tuple[int, float], ...]
    device: str


@dataclass(frozen=True)
class Loop:
    """A network with its optimiser and the compiled epoch: (order, degrees) → mean loss."""

    model: keras.Model
    optimizer: keras.Optimizer
    epoch: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

    def state(self) -> list[NDArray[np.float32]]:
        """Return everything that the next epoch depends on."""
        return [v.numpy() for v in (*self.model.variables, *self.optimizer.variables)]

    def restore(self, found: Progress) -> None:
        """Go back to where a checkpoint was made."""
        for variable, value in zip((*self.model.variables, *self.optimizer.variables), found.state, strict=True):
            variable.assign(value)


def balanced_order(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return a shuffled order in which the rarer class is repeated up to parity."""
    classes = [np.nonzero(y == label)[0] for label in (0, 1)]
    most = max(map(len, classes))
    repeated = [np.concatenate([c, rng.choice(c, most - len(c))]) for c in classes]
    return rng.permutation(np.concatenate(repeated))


def rotate(images: tf.Tensor, degrees: tf.Tensor) -> tf.Tensor:
    """Rotate each image (n, s, s, 1) about its centre, bilinear, zeros outside."""
    size = images.shape[1]
    centre = (size - 1) / 2
    angle = degrees * (np.pi / 180)
    cos, sin = tf.cos(angle), tf.sin(angle)
    zeros = tf.zeros_like(cos)
    rows = [
        cos, -sin, centre - (cos - sin) * centre,
        sin, cos, centre - (sin + cos) * centre,
        zeros, zeros,
    ]  # fmt: skip
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack(rows, axis=1),
        output_shape=[size, size],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )


def _loop(data: Patches, settings: LearningSettings) -> Loop:
    """Build a network and compile one epoch: gather, rotate, step, for each batch of the given order."""
    model = build_network(data.x.shape[1], settings)
    x = tf.constant(data.x[..., None])
    y = tf.one_hot(data.y, 2)
    forward, variables = training_forward(model), trained_variables(model)
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    optimizer.build(variables)
    loss_of = keras.losses.CategoricalCrossentropy()

    @tf.function
    def epoch(order: tf.Tensor, degrees: tf.Tensor) -> tf.Tensor:
        total, batches = tf.constant(0.0), tf.constant(0.0)
        for start in tf.range(0, tf.shape(order)[0], settings.batch_size):
            batch = order[start : start + settings.batch_size]
            images = rotate(tf.gather(x, batch), degrees[start : start + settings.batch_size])
            with tf.GradientTape() as tape:
                loss = loss_of(tf.gather(y, batch), forward(images))
            optimizer.apply(tape.gradient(loss, variables), variables)
            total, batches = total + loss, batches + 1
        return total / batches

    return Loop(model, optimizer, epoch)


def train(
    data: Patches,
    held_out: Patches,
    settings: LearningSettings,
    seed: int,
    fold: int = 0,
    checkpoints: Checkpoints = NoCheckpoints(),  # noqa: B008 - it holds nothing
) -> Trained:
    """Train for a fixed number of epochs and keep the last weights, or choose by some of the patches to learn from.

    Parameters
    ----------
    data
        Patches to learn from, rotated by [0°, 90°] and balanced; with ``select=inner`` a fifth of them only chooses.
    held_out
        Patches whose loss is recorded; they choose nothing. May be empty.
    fold, checkpoints
        Under which number the state is kept, and where; a training that was killed goes on from there.

    Raises
    ------
    RunRefusedError
        ``E_NAN_LOSS`` if the loss or a weight stops being a number, ``E_FOLD_DEGENERATE`` if ``select=inner`` has too
        few patches to choose by.
    TransientError
        ``E_GPU`` if a GPU is asked for and missing, or fails: another try may find it again.
    """
    device = _device(settings)
    keras.utils.set_random_seed(seed)
    inner = None
    if settings.select is Selection.INNER:
        learn, choose = set_aside(data.y, seed)
        data, inner = data.only(learn), data.only(choose)
    try:
        return _train(_loop(data, settings), data, held_out, inner, settings, seed, fold, checkpoints, device)
    except (tf.errors.ResourceExhaustedError, tf.errors.InternalError, tf.errors.UnknownError) as error:
        kind = type(error).__name__
        raise TransientError("E_GPU", f"{device} failed ({kind}); look at the device, or try a smaller batch") from None


def _train(
    loop: Loop,
    data: Patches,
    held_out: Patches,
    inner: Patches | None,
    settings: LearningSettings,
    seed: int,
    fold: int,
    checkpoints: Checkpoints,
    device: str,
) -> Trained:
    found = unpacked(checkpoints.load(fold))
    if found:
        loop.restore(found)
    number, curve, best = (found.epoch, list(found.curve), found.best) if found else (0, [], None)
    predict = tf.function(lambda x: loop.model(x, training=False))
    watched = set(np.linspace(1, settings.epochs, CURVE_POINTS).astype(int).tolist())
    while not finished(number, best, settings):
        number += 1
        loss = _one_epoch(loop, data, np.random.default_rng([seed, number]))
        if not np.isfinite(loss) or (number in watched and not _finite(loop.model)):
            raise RunRefusedError("E_NAN_LOSS", f"loss or weights are no numbers at epoch {number}")
        if number in watched and len(held_out.y):
            curve.append((number, _loss(predict(held_out.x[..., None]).numpy(), held_out.y)))
        if inner is not None:
            chosen = _loss(predict(inner.x[..., None]).numpy(), inner.y)
            best = best if best and best.loss <= chosen else Best(number, chosen, loop.model.get_weights())
        if number % settings.checkpoint_every == 0 or finished(number, best, settings):
            checkpoints.save(fold, Progress(number, loss, tuple(curve), loop.state(), best))
    if best:
        loop.model.set_weights(best.weights)
    return Trained(loop.model, tuple(curve), device)


def _one_epoch(loop: Loop, data: Patches, rng: np.random.Generator) -> float:
    """Train one epoch; its order and angles follow from seed and number alone, so that any epoch can be the first."""
    order = balanced_order(data.y, rng)
    degrees = rng.uniform(0, 90, len(order)).astype(np.float32)
    return float(loop.epoch(tf.constant(order), tf.constant(degrees)))


def _finite(model: keras.Model) -> bool:
    """Tell whether all weights are numbers: a ReLU may hide from the loss that they are not."""
    return all(np.isfinite(weight).all() for weight in model.get_weights())


def _loss(given: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Return the categorical cross-entropy of probabilities (n, 2)."""
    chosen = given[np.arange(len(y)), y]
    return float(-np.log(np.clip(chosen, 1e-7, 1)).mean())


def probabilities(model: keras.Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, 2): the probabilities of wild-type and mutant for patches (n, size, size)."""
    return np.asarray(model(x[..., None], training=False))


def _device(settings: LearningSettings) -> str:
    if tf.config.list_physical_devices("GPU"):
        return "GPU"
    if settings.device == "gpu":
        raise TransientError(
            "E_GPU", "a GPU is asked for and there is none; mend it, or allow IDH_LEARNING__DEVICE=any"
        )
    return "CPU"
