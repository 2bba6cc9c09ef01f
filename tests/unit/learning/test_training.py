"""The network learns a real difference; augmentation rotates images and balances the classes."""

import subprocess
import sys
from hashlib import sha256

import keras
import numpy as np
import pytest
import tensorflow as tf

from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.augmentation import balanced_order, rotate
from idh_tasks.learning.network import build_network
from idh_tasks.learning.registry import load_model, model_bytes
from idh_tasks.learning.training import probabilities, train
from idh_tasks.learning.training_job import Patches, TrainingJob
from idh_tasks.settings import LearningSettings

FAST = LearningSettings(epochs=12, learning_rate=3e-3)


def patches(seed: int, n: int = 24) -> Patches:
    """Return noise that is brighter for mutants."""
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3 == 0).astype(np.int64)
    x = rng.standard_normal((n, 64, 64)) + 1.5 * y[:, None, None]
    return Patches(x.astype(np.float32), y)


def loaded(content: bytes) -> keras.Model:
    """Load a file that is registered with its own hash."""
    return load_model(content, sha256(content).hexdigest())


def test_the_network_is_the_papers() -> None:
    network = build_network(64, LearningSettings())
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("Conv2D") == kinds.count("MaxPooling2D") == kinds.count("BatchNormalization") == 4
    assert kinds.count("Dense") == 3
    assert kinds.count("Dropout") == 0
    assert network.output_shape == (None, 2)


def test_a_planted_difference_is_learned_and_found_in_held_out_patients() -> None:
    trained = train(TrainingJob(patches(1), patches(2), seed=1), FAST)
    held_out = patches(2)
    of_mutant = probabilities(trained.model, held_out.x)[:, 1]
    assert of_mutant[held_out.y == 1].min() > of_mutant[held_out.y == 0].max()
    assert [epoch for epoch, _ in trained.curve] == list(range(1, 13))
    assert [epoch for epoch, _ in trained.training_curve] == list(range(1, 13))
    assert trained.training_curve[-1][1] < trained.training_curve[0][1]


def test_the_same_seed_gives_the_same_network() -> None:
    settings = LearningSettings(epochs=2)
    first, second = (train(TrainingJob(patches(1), patches(2), seed=5), settings).model for _ in range(2))
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_rarer_class_is_repeated_until_both_are_equally_large() -> None:
    y = np.array([1, 0, 0, 0, 0])
    order = balanced_order(y, np.random.default_rng(1))
    assert (y[order] == 1).sum() == (y[order] == 0).sum() == 4
    assert set(order) == {0, 1, 2, 3, 4}


def test_a_rotation_by_90_degrees_is_exact_and_by_0_changes_nothing() -> None:
    image = np.random.default_rng(1).standard_normal((1, 64, 64, 1)).astype(np.float32)
    rotated = rotate(tf.constant(image), tf.constant([90.0])).numpy()
    np.testing.assert_allclose(rotate(tf.constant(image), tf.constant([0.0])), image, atol=1e-6)
    quarter = [np.rot90(image[0, :, :, 0], k) for k in (1, 3)]
    assert min(np.abs(rotated[0, :, :, 0] - q).max() for q in quarter) < 1e-3


def test_t01_a_loss_that_is_not_finite_stops_the_training() -> None:
    broken = Patches(np.full((6, 64, 64), np.nan, dtype=np.float32), np.array([0, 1, 0, 1, 0, 1]))
    with pytest.raises(RunRefusedError) as caught:
        train(TrainingJob(broken, broken, seed=1), FAST)
    assert caught.value.code == "E_NAN_LOSS"


def test_a_registered_model_gives_the_same_probabilities() -> None:
    network = build_network(64, LearningSettings())
    reloaded = loaded(model_bytes(network))
    np.testing.assert_allclose(probabilities(network, patches(1).x), probabilities(reloaded, patches(1).x))


@pytest.mark.parametrize("way", ["training", "vectorized"])
def test_a_gpu_multiplies_in_full_precision_in_training_and_prediction(way: str) -> None:
    script = (
        f"import idh_tasks.learning.{way}, tensorflow as tf\n"
        "assert not tf.config.experimental.tensor_float_32_execution_enabled()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603 - ours
