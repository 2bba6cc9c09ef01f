"""A network with its optimiser."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.backend import keras, tf
from idh_tasks.learning.forward import trained_variables
from idh_tasks.learning.images import Images, chunks
from idh_tasks.learning.network import build_network
from idh_tasks.learning.training_job import Patches
from idh_tasks.settings import LearningSettings


class Learner:
    """The paper's network with its optimiser, initialised from a seed."""

    def __init__(self, size: int, settings: LearningSettings, seed: int) -> None:
        keras.utils.set_random_seed(seed)
        self.model = build_network(size, settings)
        self.optimizer = keras.optimizers.Adam(settings.learning_rate)
        self.optimizer.build(trained_variables(self.model))

    def state(self) -> list[NDArray[np.float32]]:
        """Return all variables that the next epoch depends on."""
        return [v.numpy() for v in (*self.model.variables, *self.optimizer.variables)]

    def restore(self, state: Sequence[NDArray[np.float32]]) -> None:
        """Set all variables to the state of a checkpoint."""
        for variable, value in zip((*self.model.variables, *self.optimizer.variables), state, strict=True):
            variable.assign(value)

    def loss(self, of: Patches) -> float:
        """Return the categorical cross-entropy on patches."""
        probabilities = in_chunks(self._predict, of.x)
        of_label = probabilities[np.arange(len(of.y)), of.y]
        return float(-np.log(np.clip(of_label, 1e-7, 1)).mean())

    def finite(self) -> bool:
        """Return whether all weights are finite; behind a ReLU, the loss may stay finite when they are not."""
        return all(np.isfinite(weight).all() for weight in self.model.get_weights())

    @cached_property
    def _predict(self) -> tf.types.experimental.PolymorphicFunction:
        patches = tf.TensorSpec((None, *self.model.input_shape[1:]), tf.float32)
        return tf.function(lambda x: self.model(x, training=False), input_signature=[patches])


def in_chunks(predict: Callable[[tf.Tensor], tf.Tensor], x: Images) -> NDArray[np.float32]:
    """Return the probabilities (n, 2) of patches, of which only some are on the device at once."""
    predicted = [np.asarray(predict(tf.constant(some[..., None]))) for some in chunks(x)]
    return np.concatenate(predicted) if predicted else np.zeros((0, 2), np.float32)
