"""The forward pass of the paper's network for training: equal to that of Keras, with fewer passes over memory.

Batch normalisation is fused. ReLU follows max-pooling, with which it commutes, on a quarter of the values. The bias of
a convolution is neither added nor trained, because the normalisation that follows subtracts it.
"""

from collections.abc import Callable
from itertools import pairwise

from idh_tasks.learning.backend import keras, layers, tf


def trained_variables(model: keras.Model) -> list[keras.Variable]:
    """Return the variables that `training_forward` depends on."""
    unused = {id(layer.bias) for layer in model.layers if isinstance(layer, layers.Conv2D)}
    return [variable for variable in model.trainable_variables if id(variable) not in unused]


def training_forward(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a function from a batch (n, size, size, 1) to probabilities (n, 2) that also updates moving averages.

    It equals ``model(batch, training=True)``; a test compares outputs, gradients and averages.
    """
    blocks = [
        (layer, following)
        for layer, following in pairwise(model.layers)
        if isinstance(layer, layers.Conv2D) and isinstance(following, layers.BatchNormalization)
    ]
    *hidden, last = dense_layers = [layer for layer in model.layers if isinstance(layer, layers.Dense)]

    def forward(batch: tf.Tensor) -> tf.Tensor:
        x = batch
        for convolution, normalisation in blocks:
            x = _normalise(tf.nn.conv2d(x, convolution.kernel.value, 1, "SAME"), normalisation)
            x = tf.nn.relu(tf.nn.max_pool2d(x, 2, 2, "VALID"))
        x = tf.reshape(x, (-1, dense_layers[0].kernel.shape[0]))
        for dense in hidden:
            x = tf.nn.relu(x @ dense.kernel.value + dense.bias.value)
        return tf.nn.softmax(x @ last.kernel.value + last.bias.value)

    return forward


def _normalise(x: tf.Tensor, by: layers.BatchNormalization) -> tf.Tensor:
    """Normalise a batch and update the moving averages; Keras keeps the biased variance."""
    out, mean, unbiased = tf.compat.v1.nn.fused_batch_norm(
        x, by.gamma.value, by.beta.value, epsilon=by.epsilon, is_training=True
    )
    values = tf.cast(tf.size(x) // tf.shape(x)[-1], tf.float32)
    for average, of_batch in ((by.moving_mean, mean), (by.moving_variance, unbiased * (values - 1) / values)):
        average.assign(average.value * by.momentum + of_batch * (1 - by.momentum))
    return out
