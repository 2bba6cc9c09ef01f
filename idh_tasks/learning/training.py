"""Trains one network on resident data, one compiled graph an epoch."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from idh_tasks.learning.augmentation import rotate
from idh_tasks.learning.course import Course, Learner, Patches, Task, Trained, device_of, failures_named
from idh_tasks.learning.forward import trained_variables, training_forward
from idh_tasks.settings import LearningSettings


def train(task: Task, settings: LearningSettings) -> Trained:
    """Train for a fixed number of epochs and keep the last weights, or choose by some of the patches to learn from.

    Raises
    ------
    RunRefusedError
        ``E_NAN_LOSS`` if the loss or a weight stops being a number, ``E_FOLD_DEGENERATE`` if ``select=inner`` has too
        few patches to choose by.
    TransientError
        ``E_GPU`` if a GPU is asked for and missing, or fails: another try may find it again.
    """
    device = device_of(settings)
    with failures_named(device):
        course = Course(task, settings)
        epoch = _compiled(course.learner, course.learn, settings)
        while not course.finished:
            order, degrees = course.next_epoch()
            course.ended(float(epoch(tf.constant(order), tf.constant(degrees))))
        return course.trained(device)


def _compiled(
    learner: Learner, data: Patches, settings: LearningSettings
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Compile one epoch, (order, degrees) → mean loss: gather, rotate, step, for each batch of the given order."""
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
    """Return (n, 2): the probabilities of wild-type and mutant for patches (n, size, size)."""
    return np.asarray(model(x[..., None], training=False))
