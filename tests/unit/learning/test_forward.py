"""The fast forward pass equals that of the Keras model: outputs, gradients and moving averages."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf

from idh_tasks.learning.forward import trained_variables, training_forward
from idh_tasks.learning.network import build_network
from idh_tasks.settings import LearningSettings

BATCH = np.random.default_rng(1).standard_normal((16, 64, 64, 1)).astype(np.float32)
LABELS = tf.one_hot(np.arange(16) % 2, 2)


def network() -> keras.Model:
    """Return a network whose normalisations have random scales, some of them negative, and offsets."""
    keras.utils.set_random_seed(3)
    model = build_network(64, LearningSettings())
    rng = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.gamma.assign(rng.normal(0, 1, layer.gamma.shape))
            layer.beta.assign(rng.normal(0, 1, layer.beta.shape))
    return model


@pytest.fixture(scope="module")
def both() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return outputs, gradients and non-trainable state of Keras' own pass and of ours."""
    keras_model, fast_model = network(), network()
    return (
        computed(keras_model, partial(keras_model, training=True)),
        computed(fast_model, training_forward(fast_model)),
    )


def computed(model: keras.Model, forward: Callable[[tf.Tensor], tf.Tensor]) -> list[np.ndarray]:
    with tf.GradientTape() as tape:
        probabilities = forward(tf.constant(BATCH))
        loss = keras.losses.CategoricalCrossentropy()(LABELS, probabilities)
    gradients = tape.gradient(loss, [v.value for v in trained_variables(model)])
    state = [v.numpy() for v in model.non_trainable_variables]
    return [probabilities.numpy(), *(g.numpy() for g in gradients), *state]


def test_outputs_gradients_and_averages_equal_those_of_keras(both: tuple[list[np.ndarray], list[np.ndarray]]) -> None:
    assert len(both[0]) == 1 + 18 + 8
    for theirs, ours in zip(*both, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=2e-5)
