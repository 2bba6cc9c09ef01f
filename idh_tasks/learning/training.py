"""Trains one network, with one compiled graph for the steps of an epoch."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.augmentation import rotate
from idh_tasks.learning.backend import keras, tf
from idh_tasks.learning.device import device_failures, training_device
from idh_tasks.learning.epochs import reader, segments
from idh_tasks.learning.forward import trained_variables, training_forward
from idh_tasks.learning.images import Images
from idh_tasks.learning.learner import Learner, in_chunks
from idh_tasks.learning.training_job import TrainedNetwork, TrainingJob
from idh_tasks.learning.training_state import TrainingState
from idh_tasks.settings import LearningSettings

Steps = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def train(job: TrainingJob, settings: LearningSettings) -> TrainedNetwork:
    """Train for a fixed number of epochs, or with early stopping on some of the patches (``select=inner``).

    Raises
    ------
    RunRefusedError
        ``E_NAN_LOSS`` if the loss or a weight is no longer finite, ``E_FOLD_DEGENERATE`` if ``select=inner`` has too
        few patches to select by.
    TransientError
        ``E_GPU`` if a GPU is required and missing, or fails; a retry may find it again.
    """
    device = training_device(settings)
    with device_failures(device):
        state = TrainingState(job, settings)
        epoch = _epoch(state, settings)
        while not state.finished:
            order, degrees = state.next_epoch()
            state.complete_epoch(epoch(order, degrees))
        return state.trained(device)


def _epoch(
    state: TrainingState, settings: LearningSettings
) -> Callable[[NDArray[np.int64], NDArray[np.float32]], float]:
    """Return one epoch as (order, degrees) → mean loss over its batches."""
    read, steps = reader([state.learn.x]), _compile_steps(state.learner, settings)

    def epoch(order: NDArray[np.int64], degrees: NDArray[np.float32]) -> float:
        total = tf.constant(0.0)
        for piece in segments(len(order), 1, settings.batch_size):
            rows = order[piece]
            total = steps(total, read(rows[None])[0], tf.constant(state.learn.y[rows]), tf.constant(degrees[piece]))
        return float(total / -(-len(order) // settings.batch_size))

    return epoch


def _compile_steps(learner: Learner, settings: LearningSettings) -> Steps:
    """Compile the steps of an epoch as (total, images, labels, degrees) → total: rotate and step for each batch."""
    size = learner.model.input_shape[1]
    forward, variables = training_forward(learner.model), trained_variables(learner.model)
    loss_of = keras.losses.CategoricalCrossentropy()

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.float32),
            tf.TensorSpec([None, size, size, 1], tf.float32),
            tf.TensorSpec([None], tf.int64),
            tf.TensorSpec([None], tf.float32),
        ]
    )
    def steps(total: tf.Tensor, images: tf.Tensor, labels: tf.Tensor, degrees: tf.Tensor) -> tf.Tensor:
        for start in tf.range(0, tf.shape(images)[0], settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            rotated = rotate(images[batch], degrees[batch])
            with tf.GradientTape() as tape:
                loss = loss_of(tf.one_hot(labels[batch], 2), forward(rotated))
            learner.optimizer.apply(tape.gradient(loss, variables), variables)
            total += loss
        return total

    return steps


def probabilities(model: keras.Model, x: Images) -> NDArray[np.float32]:
    """Return the probabilities (n, 2) of wild-type and mutant for patches (n, size, size)."""
    return in_chunks(lambda some: model(some, training=False), x)
