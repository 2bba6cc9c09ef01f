"""The training forward pass of several networks at once: every tensor has an axis of networks in front."""

import math

from idh_tasks.learning.backend import keras, layers, tf
from idh_tasks.learning.learner_matrices import LearnerMatrices


def normalisations(model: keras.Model) -> list[layers.BatchNormalization]:
    """Return the batch normalisations of a network, in order."""
    return [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]


def forward(networks: LearnerMatrices, images: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return probabilities (networks, n, 2) of images (networks, n, size, size, 1), and the averages of the batch.

    Parameters
    ----------
    weight
        1 for each image that counts and 0 for each that only fills up a batch (networks, n).
    """
    part, model = networks.parts(), networks.first.model
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    *hidden, last = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    x, averages = images, []
    for convolution, by in zip(convolutions, normalisations(model), strict=True):
        x, *of_batch = _normalise(_convolve(x, part[id(convolution.kernel)]), weight, by.epsilon)
        x = x * _channels(part[id(by.gamma)]) + _channels(part[id(by.beta)])
        x = tf.nn.relu(_pool(x))
        averages += of_batch
    x = tf.reshape(x, (*x.shape[:1], -1, math.prod(x.shape[2:])))
    for dense in hidden:
        x = tf.nn.relu(x @ part[id(dense.kernel)] + part[id(dense.bias)][:, None])
    probabilities = tf.nn.softmax(x @ part[id(last.kernel)] + part[id(last.bias)][:, None])
    return probabilities, tf.concat(averages, axis=1)


def _channels(values: tf.Tensor) -> tf.Tensor:
    """Return values (networks, channels) as (networks, 1, 1, 1, channels)."""
    return values[:, None, None, None]


def _convolve(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve x (networks, n, s, s, in) with kernels (networks, 3, 3, in, out), zeros outside, as a matrix product."""
    networks, _, size, _, channels = x.shape
    padded = tf.pad(x, [[0, 0], [0, 0], [1, 1], [1, 1], [0, 0]])
    shifts = [padded[:, :, i : i + size, j : j + size] for i in range(3) for j in range(3)]
    columns = tf.reshape(tf.concat(shifts, axis=-1), (networks, -1, 9 * channels))
    out = columns @ tf.reshape(kernel, (networks, 9 * channels, -1))
    return tf.reshape(out, (networks, -1, size, size, kernel.shape[-1]))


def _normalise(x: tf.Tensor, weight: tf.Tensor, epsilon: float) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return x normalised, and its mean and variance (networks, channels), over the images that have a weight."""
    counted = weight[:, :, None, None, None]
    values = _channels(tf.reduce_sum(weight, axis=1)[:, None]) * float(math.prod(x.shape[2:4]))
    mean = tf.math.divide_no_nan(tf.reduce_sum(x * counted, axis=(1, 2, 3), keepdims=True), values)
    variance = tf.reduce_sum((x - mean) ** 2 * counted, axis=(1, 2, 3), keepdims=True)
    variance = tf.math.divide_no_nan(variance, values)
    return (x - mean) * tf.math.rsqrt(variance + epsilon), mean[:, 0, 0, 0], variance[:, 0, 0, 0]


def _pool(x: tf.Tensor) -> tf.Tensor:
    networks, _, size, _, channels = x.shape
    pooled = tf.nn.max_pool2d(tf.reshape(x, (-1, size, size, channels)), 2, 2, "VALID")
    return tf.reshape(pooled, (networks, -1, size // 2, size // 2, channels))
