"""Fold-epochs per second: our compiled epoch beside the plain Keras script one would write from the paper."""

import time

import keras
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from idh_tasks.learning.network import build_network
from idh_tasks.learning.training import Patches, train
from idh_tasks.settings import LearningSettings

EPOCHS = 15
WARM_UP = LearningSettings(epochs=1)
SETTINGS = LearningSettings(epochs=EPOCHS)


def data() -> Patches:
    """Return 80 patches, 40 of each class, so that both sides take the same steps."""
    rng = np.random.default_rng(1)
    return Patches(rng.standard_normal((80, 64, 64)).astype(np.float32), np.arange(80) % 2)


def ours(patches: Patches) -> float:
    """Return the seconds of all epochs, compilation apart."""
    started = time.perf_counter()
    train(patches, Patches(patches.x[:0], patches.y[:0]), WARM_UP, seed=1)
    warm = time.perf_counter() - started
    started = time.perf_counter()
    train(patches, Patches(patches.x[:0], patches.y[:0]), SETTINGS, seed=1)
    return (time.perf_counter() - started - warm) * EPOCHS / (EPOCHS - 1)


def plain(patches: Patches) -> float:
    """Return the seconds of all epochs of `model.fit` on an ImageDataGenerator, compilation apart."""
    model = build_network(64, SETTINGS)
    model.compile(keras.optimizers.Adam(1e-4), "categorical_crossentropy")
    flow = ImageDataGenerator(rotation_range=90).flow(patches.x[..., None], np.eye(2)[patches.y], batch_size=16)
    model.fit(flow, epochs=1, verbose=0)
    started = time.perf_counter()
    model.fit(flow, epochs=EPOCHS, verbose=0)
    return time.perf_counter() - started


if __name__ == "__main__":
    patches = data()
    mine, theirs = ours(patches), plain(patches)
    print(f"training, one fold, n = 80: ours {EPOCHS / mine:.2f} epochs/s, plain Keras {EPOCHS / theirs:.2f} epochs/s")
    print(f"ratio {theirs / mine:.2f}")
