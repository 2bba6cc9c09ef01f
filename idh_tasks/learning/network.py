"""The paper's network: four convolutional blocks and three fully connected layers."""

from idh_tasks.learning.backend import keras, layers
from idh_tasks.settings import LearningSettings


def build_network(size: int, settings: LearningSettings) -> keras.Model:
    """Build the network for patches of size × size × 1; its output is softmax over (wild-type, mutant)."""
    patch = keras.Input((size, size, 1), name="patch")
    x = patch
    for filters in settings.filters:
        x = layers.Conv2D(filters, 3, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for units in settings.dense:
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(patch, layers.Dense(2, activation="softmax", name="idh")(x))
