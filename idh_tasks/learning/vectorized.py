"""Trains several networks at once: on a GPU, a step of one small network is mostly waiting.

The parameters of all networks are one matrix, and every operation has an axis of networks in front. The mathematics is
that of `training`; a test compares the networks that both ways produce. Batches of unequal length are filled up with
images of weight zero, which affect no mean, no normalisation and no gradient.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.augmentation import rotate
from idh_tasks.learning.backend import keras, tf
from idh_tasks.learning.device import device_failures, training_device
from idh_tasks.learning.epochs import reader, segments
from idh_tasks.learning.learner_matrices import LearnerMatrices
from idh_tasks.learning.training_job import TrainedNetwork, TrainingJob
from idh_tasks.learning.training_state import TrainingState
from idh_tasks.learning.vectorized_forward import forward, normalisations
from idh_tasks.settings import LearningSettings

Epoch = Callable[[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
Steps = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def train_together(jobs: Sequence[TrainingJob], settings: LearningSettings) -> list[TrainedNetwork]:
    """Train one network per job in one graph, with the results that `training.train` gives for each job.

    Raises
    ------
    RunRefusedError, TransientError
        As `training.train`.
    """
    device = training_device(settings)
    with device_failures(device):
        states = [TrainingState(job, settings) for job in jobs]
        networks = LearnerMatrices([state.learner for state in states])
        epoch = _epoch(networks, states, settings)
        while not all(state.finished for state in states):
            _run_epoch(networks, epoch, states)
        return [state.trained(device) for state in states]


def _run_epoch(networks: LearnerMatrices, epoch: Epoch, states: Sequence[TrainingState]) -> None:
    losses = epoch(*_epoch_inputs(states))
    if any(state.needs_weights_next for state in states if not state.finished):
        networks.copy_to_learners()
    for state, loss in zip(states, losses, strict=True):
        if not state.finished:
            state.complete_epoch(float(loss))


def _epoch_inputs(
    states: Sequence[TrainingState],
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Return order, angles and weights (networks, images) of the next epoch; a finished network has only weights 0."""
    drawn = [state.next_epoch() for state in states]
    longest = max(len(order) for order, _ in drawn)
    order = np.zeros((len(drawn), longest), np.int64)
    degrees, weights = np.zeros((2, len(drawn), longest), np.float32)
    for row, (state, (rows, angles)) in enumerate(zip(states, drawn, strict=True)):
        order[row, : len(rows)], degrees[row, : len(rows)] = rows, angles
        weights[row, : len(rows)] = not state.finished
    return order, degrees, weights


def _epoch(networks: LearnerMatrices, states: Sequence[TrainingState], settings: LearningSettings) -> Epoch:
    """Return one epoch of all networks as (order, degrees, weights) → the mean loss of each over its batches."""
    read, steps = reader([state.learn.x for state in states]), _compile_steps(networks, len(states), settings)

    def epoch(
        order: NDArray[np.int64], degrees: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        total, batches = tf.zeros(len(states)), tf.zeros(len(states))
        for piece in segments(order.shape[1], len(states), settings.batch_size):
            rows = order[:, piece]
            labels = np.stack([state.learn.y[own] for state, own in zip(states, rows, strict=True)])
            inputs = map(tf.constant, (labels, degrees[:, piece], weights[:, piece]))
            total, batches = steps(total, batches, read(rows), *inputs)
        return np.asarray(tf.math.divide_no_nan(total, batches))

    return epoch


def _compile_steps(networks: LearnerMatrices, count: int, settings: LearningSettings) -> Steps:
    """Compile steps of all networks as (total, batches, images, labels, degrees, weights) → (total, batches)."""
    size = networks.first.model.input_shape[1]
    sums, values = tf.TensorSpec([count], tf.float32), tf.TensorSpec([count, None], tf.float32)
    of_images = tf.TensorSpec([count, None, size, size, 1], tf.float32)

    @tf.function(input_signature=[sums, sums, of_images, tf.TensorSpec([count, None], tf.int64), values, values])
    def steps(
        total: tf.Tensor,
        batches: tf.Tensor,
        images: tf.Tensor,
        labels: tf.Tensor,
        degrees: tf.Tensor,
        weights: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        for start in tf.range(0, tf.shape(weights)[1], settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            flat = tf.reshape(images[:, batch], (-1, size, size, 1))
            rotated = rotate(flat, tf.reshape(degrees[:, batch], [-1]))
            turned = tf.reshape(rotated, (count, -1, size, size, 1))
            losses, active = _step(networks, turned, tf.one_hot(labels[:, batch], 2), weights[:, batch])
            total, batches = total + losses, batches + active
        return total, batches

    return steps


def _step(
    networks: LearnerMatrices, images: tf.Tensor, labels: tf.Tensor, weight: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Take one step; return the loss of each network, and 1 for each network that had an image to learn from."""
    active = tf.reduce_max(weight, axis=1)
    with tf.GradientTape() as tape:
        probabilities, averages = forward(networks, images, weight)
        entropies = keras.losses.categorical_crossentropy(labels, probabilities)
        losses = tf.math.divide_no_nan(tf.reduce_sum(weight * entropies, axis=1), tf.reduce_sum(weight, axis=1))
        loss = tf.reduce_sum(losses)
    _adam(networks, tape.gradient(loss, networks.parameters), active)
    momentum = normalisations(networks.first.model)[0].momentum
    networks.averages.assign_add(active[:, None] * (averages - networks.averages) * (1 - momentum))
    return losses, active


def _adam(networks: LearnerMatrices, gradient: tf.Tensor, active: tf.Tensor) -> None:
    """Take a step of Adam for the active networks (Kingma and Ba, algorithm 1, in the form that Keras uses)."""
    optimizer, moved = networks.first.optimizer, active[:, None]
    steps = networks.steps.assign_add(active)[:, None]
    networks.mean.assign_add(moved * (gradient - networks.mean) * (1 - optimizer.beta_1))
    networks.square.assign_add(moved * (gradient**2 - networks.square) * (1 - optimizer.beta_2))
    rate = optimizer.learning_rate.value * tf.sqrt(1 - optimizer.beta_2**steps)
    rate = tf.math.divide_no_nan(rate, 1 - optimizer.beta_1**steps)
    networks.parameters.assign_sub(moved * rate * networks.mean / (tf.sqrt(networks.square) + optimizer.epsilon))
