"""Trains one network on data in memory, with one compiled graph per epoch."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.augmentation import rotate
from idh_tasks.learning.backend import keras, tf
from idh_tasks.learning.device import device_failures, training_device
from idh_tasks.learning.forward import trained_variables, training_forward
from idh_tasks.learning.learner import Learner
from idh_tasks.learning.training_job import Patches, TrainedNetwork, TrainingJob
from idh_tasks.learning.training_state import TrainingState
from idh_tasks.settings import LearningSettings


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
        epoch = _compile_epoch(state.learner, state.learn, settings)
        while not state.finished:
            order, degrees = state.next_epoch()
            state.complete_epoch(float(epoch(tf.constant(order), tf.constant(degrees))))
        return state.trained(device)


def _compile_epoch(
    learner: Learner, data: Patches, settings: LearningSettings
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Compile one epoch as (order, degrees) → mean loss: gather, rotate and step for each batch of the order."""
    x = tf.constant(data.x[..., None])
    y = tf.one_hot(data.y, 2)
    forward, variables = training_forward(learner.model), trained_variables(learner.model)
    loss_of = keras.losses.CategoricalCrossentropy()

    @tf.function
    def epoch(order: tf.Tensor, degrees: tf.Tensor) -> tf.Tensor:
        total, batches = tf.constant(0.0), tf.constant(0.0)
        for start in tf.range(0, tf.shape(order)[0], settings.batch_size):
            batch = order[start : start + settings.batch_size]
            images = rotate(tf.gather(x, batch), degrees[start : start + settings.batch_size])
            with tf.GradientTape() as tape:
                loss = loss_of(tf.gather(y, batch), forward(images))
            learner.optimizer.apply(tape.gradient(loss, variables), variables)
            total, batches = total + loss, batches + 1
        return total / batches

    return epoch


def probabilities(model: keras.Model, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities (n, 2) of wild-type and mutant for patches (n, size, size)."""
    return np.asarray(model(x[..., None], training=False))
