"""Trains several networks as one: on a GPU a step of one small network is mostly waiting.

What is trained is one matrix, a network a row, and every operation has an axis of networks in front. The mathematics
is that of `training`: a test compares the networks that both ways end at. Batches of unequal length are filled up with
images of weight zero, which no mean, no normalisation and no gradient counts.
"""

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from idh_tasks.learning.augmentation import rotate
from idh_tasks.learning.course import Course, Learner, Task, Trained, device_of, failures_named
from idh_tasks.learning.forward import trained_variables
from idh_tasks.settings import LearningSettings

Epoch = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def train_together(tasks: Sequence[Task], settings: LearningSettings) -> list[Trained]:
    """Train one network a task, side by side in one graph, as `training.train` would train each by itself.

    Raises
    ------
    RunRefusedError, TransientError
        As `training.train`.
    """
    device = device_of(settings)
    with failures_named(device):
        courses = [Course(task, settings) for task in tasks]
        stack = Stack([course.learner for course in courses])
        epoch = _compiled(stack, courses, settings)
        while not all(course.finished for course in courses):
            _next_epoch(stack, epoch, courses)
        return [course.trained(device) for course in courses]


def _next_epoch(stack: "Stack", epoch: Epoch, courses: Sequence[Course]) -> None:
    losses = epoch(*map(tf.constant, _shown(courses))).numpy()
    if any(course.looks_at_next for course in courses if not course.finished):
        stack.spread()
    for course, loss in zip(courses, losses, strict=True):
        if not course.finished:
            course.ended(float(loss))


def _shown(courses: Sequence[Course]) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Return order, angles and weights (networks, images) of the next epoch; a finished network sees nothing."""
    drawn = [course.next_epoch() for course in courses]
    longest = max(len(order) for order, _ in drawn)
    order = np.zeros((len(drawn), longest), np.int64)
    degrees, weights = np.zeros((2, len(drawn), longest), np.float32)
    for row, (course, (rows, angles)) in enumerate(zip(courses, drawn, strict=True)):
        order[row, : len(rows)], degrees[row, : len(rows)] = rows, angles
        weights[row, : len(rows)] = not course.finished
    return order, degrees, weights


class Stack:
    """The state of several learners as matrices, a learner a row: parameters, both moments of Adam, moving averages."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self._learners = learners
        self.first = learners[0]
        self.parameters, self.mean, self.square, self.averages = (
            tf.Variable(np.stack([_row(variables) for variables in role]))
            for role in zip(*map(_roles, learners), strict=True)
        )
        self.steps = tf.Variable([float(learner.optimizer.iterations) for learner in learners])

    def parts(self) -> dict[int, tf.Tensor]:
        """Return each parameter of all learners (learners, …), by the id of the first learner's variable."""
        variables = trained_variables(self.first.model)
        pieces = tf.split(self.parameters, [math.prod(v.shape) for v in variables], axis=1)
        return {id(v): tf.reshape(piece, (-1, *v.shape)) for v, piece in zip(variables, pieces, strict=True)}

    def spread(self) -> None:
        """Give every learner its row back."""
        rows = [matrix.numpy() for matrix in (self.parameters, self.mean, self.square, self.averages)]
        for number, learner in enumerate(self._learners):
            learner.optimizer.iterations.assign(int(self.steps[number]))
            for variables, matrix in zip(_roles(learner), rows, strict=True):
                ends = np.cumsum([math.prod(variable.shape) for variable in variables])[:-1]
                for variable, values in zip(variables, np.split(matrix[number], ends), strict=True):
                    variable.assign(values.reshape(variable.shape))


def _roles(learner: Learner) -> tuple[list[keras.Variable], ...]:
    _iteration, _rate, *moments = learner.optimizer.variables
    return trained_variables(learner.model), moments[0::2], moments[1::2], learner.model.non_trainable_variables


def _row(variables: Sequence[keras.Variable]) -> NDArray[np.float32]:
    return np.concatenate([variable.numpy().ravel() for variable in variables])


def _compiled(stack: Stack, courses: Sequence[Course], settings: LearningSettings) -> Epoch:
    """Compile one epoch of all networks: (order, degrees, weights) → the mean loss of each."""
    sizes = [len(course.learn.y) for course in courses]
    begin = tf.constant(np.cumsum([0, *sizes[:-1]])[:, None])
    x = tf.constant(np.concatenate([course.learn.x for course in courses])[..., None])
    y = tf.one_hot(np.concatenate([course.learn.y for course in courses]), 2)

    @tf.function
    def epoch(order: tf.Tensor, degrees: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        total, batches = tf.zeros(len(courses)), tf.zeros(len(courses))
        for start in tf.range(0, tf.shape(order)[1], settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            rows, weight = begin + order[:, batch], weights[:, batch]
            seen = tf.gather(x, tf.reshape(rows, [-1]))
            turned = rotate(seen, tf.reshape(degrees[:, batch], [-1]))
            images = tf.reshape(turned, (len(courses), -1, *x.shape[1:]))
            losses, active = _step(stack, images, tf.gather(y, rows), weight)
            total, batches = total + losses, batches + active
        return tf.math.divide_no_nan(total, batches)

    return epoch


def _step(stack: Stack, images: tf.Tensor, labels: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Take one step; return the loss of each network and 1 for those that had anything to learn from."""
    active = tf.reduce_max(weight, axis=1)
    with tf.GradientTape() as tape:
        given, averages = _forward(stack, images, weight)
        entropies = keras.losses.categorical_crossentropy(labels, given)
        losses = tf.math.divide_no_nan(tf.reduce_sum(weight * entropies, axis=1), tf.reduce_sum(weight, axis=1))
        loss = tf.reduce_sum(losses)
    _adam(stack, tape.gradient(loss, stack.parameters), active)
    momentum = _normalisations(stack.first.model)[0].momentum
    stack.averages.assign_add(active[:, None] * (averages - stack.averages) * (1 - momentum))
    return losses, active


def _adam(stack: Stack, gradient: tf.Tensor, active: tf.Tensor) -> None:
    """Take a step of Adam for the active networks (Kingma and Ba, algorithm 1, in Keras' form)."""
    optimizer, moved = stack.first.optimizer, active[:, None]
    steps = stack.steps.assign_add(active)[:, None]
    stack.mean.assign_add(moved * (gradient - stack.mean) * (1 - optimizer.beta_1))
    stack.square.assign_add(moved * (gradient**2 - stack.square) * (1 - optimizer.beta_2))
    rate = optimizer.learning_rate.value * tf.sqrt(1 - optimizer.beta_2**steps)
    rate = tf.math.divide_no_nan(rate, 1 - optimizer.beta_1**steps)
    stack.parameters.assign_sub(moved * rate * stack.mean / (tf.sqrt(stack.square) + optimizer.epsilon))


def _normalisations(model: keras.Model) -> list[layers.BatchNormalization]:
    return [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]


def _forward(stack: Stack, images: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return probabilities (networks, n, 2) of images (networks, n, size, size, 1), and the averages of the batch."""
    part, model = stack.parts(), stack.first.model
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    *hidden, last = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    x, averages = images, []
    for convolution, by in zip(convolutions, _normalisations(model), strict=True):
        x, *found = _normalised(_convolved(x, part[id(convolution.kernel)]), weight, by.epsilon)
        x = x * _channels(part[id(by.gamma)]) + _channels(part[id(by.beta)])
        x = tf.nn.relu(_pooled(x))
        averages += found
    x = tf.reshape(x, (*x.shape[:1], -1, math.prod(x.shape[2:])))
    for dense in hidden:
        x = tf.nn.relu(x @ part[id(dense.kernel)] + part[id(dense.bias)][:, None])
    given = tf.nn.softmax(x @ part[id(last.kernel)] + part[id(last.bias)][:, None])
    return given, tf.concat(averages, axis=1)


def _channels(values: tf.Tensor) -> tf.Tensor:
    """Return values (networks, channels) as (networks, 1, 1, 1, channels)."""
    return values[:, None, None, None]


def _convolved(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve x (networks, n, s, s, in) with kernels (networks, 3, 3, in, out), zeros outside, as a matrix product."""
    networks, _, size, _, channels = x.shape
    padded = tf.pad(x, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
    shifts = [padded[:, :, i : i + size, j : j + size] for i in range(3) for j in range(3)]
    columns = tf.reshape(tf.concat(shifts, axis=-1), (networks, -1, 9 * channels))
    out = columns @ tf.reshape(kernel, (networks, 9 * channels, -1))
    return tf.reshape(out, (networks, -1, size, size, kernel.shape[-1]))


def _normalised(x: tf.Tensor, weight: tf.Tensor, epsilon: float) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return x less its mean over its variation, and mean and variance (networks, channels) of what has a weight."""
    counted = weight[:, :, None, None, None]
    values = _channels(tf.reduce_sum(weight, axis=1)[:, None]) * float(math.prod(x.shape[2:4]))
    mean = tf.math.divide_no_nan(tf.reduce_sum(x * counted, axis=(1, 2, 3), keepdims=True), values)
    variance = tf.reduce_sum((x - mean) ** 2 * counted, axis=(1, 2, 3), keepdims=True)
    variance = tf.math.divide_no_nan(variance, values)
    return (x - mean) * tf.math.rsqrt(variance + epsilon), mean[:, 0, 0, 0], variance[:, 0, 0, 0]


def _pooled(x: tf.Tensor) -> tf.Tensor:
    networks, _, size, _, channels = x.shape
    pooled = tf.nn.max_pool2d(tf.reshape(x, (-1, size, size, channels)), 2, 2, "VALID")
    return tf.reshape(pooled, (networks, -1, size // 2, size // 2, channels))
