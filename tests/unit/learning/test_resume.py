"""A killed training resumes from its last complete checkpoint and ends at the same network."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from idh_tasks.domain.learning import Selection
from idh_tasks.errors import TransientError
from idh_tasks.learning.checkpoints import Checkpoint, FolderCheckpoints, deserialize, serialize
from idh_tasks.learning.training import train
from idh_tasks.learning.training_job import TrainedNetwork, TrainingJob
from idh_tasks.learning.training_state import TrainingState
from idh_tasks.learning.vectorized import train_together
from idh_tasks.settings import LearningSettings
from tests.unit.learning.test_training import patches

SHORT = LearningSettings(epochs=4, checkpoint_every=1)


class KilledError(Exception):
    """Stands for a kill of the process."""


@dataclass(frozen=True)
class KillAfter(FolderCheckpoints):
    """Ends the training after the checkpoint of an epoch has been written, or while it is being written."""

    epoch: int
    half_written: bool

    def save(self, fold: int, checkpoint: Checkpoint) -> None:
        if checkpoint.epoch == self.epoch and self.half_written:
            self.path(fold).with_suffix(".tmp").write_bytes(serialize(checkpoint)[:1000])
            raise KilledError
        super().save(fold, checkpoint)
        if checkpoint.epoch == self.epoch:
            raise KilledError


INNER = SHORT.model_copy(update={"select": Selection.INNER, "learning_rate": 0.05, "patience": 3, "epochs": 9})
"""The learning rate is so large that the loss on the inner patients rises from the first epoch on."""


def vectorized(job: TrainingJob, settings: LearningSettings) -> TrainedNetwork:
    """Train in the way that is used on a GPU."""
    return train_together([job], settings)[0]


@dataclass(frozen=True)
class Training:
    """A way to train, its settings, and the result of a training without interruption."""

    way: Callable[[TrainingJob, LearningSettings], TrainedNetwork]
    settings: LearningSettings
    uninterrupted: TrainedNetwork


@pytest.fixture(
    scope="module",
    params=list(product([train, vectorized], [SHORT, INNER])),
    ids=["last", "inner", "vectorized", "vectorized inner"],
)
def training(request: pytest.FixtureRequest) -> Training:
    way, settings = request.param
    return Training(way, settings, way(TrainingJob(patches(1), patches(2), seed=5), settings))


@pytest.mark.parametrize("half_written", [False, True])
@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_t07_a_training_killed_after_or_within_any_checkpoint_ends_at_the_same_network(
    training: Training, epoch: int, half_written: bool, tmp_path: Path
) -> None:
    killed = TrainingJob(patches(1), patches(2), 5, checkpoints=KillAfter(tmp_path, epoch, half_written=half_written))
    with pytest.raises(KilledError):
        training.way(killed, training.settings)
    resumed = training.way(replace(killed, checkpoints=FolderCheckpoints(tmp_path)), training.settings)
    for one, other in zip(resumed.model.get_weights(), training.uninterrupted.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    for name in ("curve", "training_curve"):
        numbers = [[number for number, _ in getattr(of, name)] for of in (resumed, training.uninterrupted)]
        assert numbers[0] == numbers[1] != []
    assert list(tmp_path.glob("*.tmp")) == []


def test_t07_an_incomplete_checkpoint_is_ignored() -> None:
    good = serialize(Checkpoint(3, 0.5, ((1, 0.7),), [np.ones(3, np.float32)]))
    assert deserialize(good) is not None
    assert deserialize(good[:-1]) is None
    assert deserialize(good[:40] + bytes([good[40] ^ 1]) + good[41:]) is None
    assert deserialize(None) is None


def test_t07_a_killed_process_resumes(tmp_path: Path) -> None:
    rng, y = np.random.default_rng(1), np.arange(12) % 2
    x = rng.standard_normal((12, 64, 64)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, y=y, patient=np.array([f"p{n}" for n in range(12)]))
    command = [str(Path(sys.executable).with_name("idh")), "learn", "train", str(tmp_path / "data.npz")]
    command += ["--folds", "2", "--repetitions", "1", "--epochs", "60", "-o"]
    first = subprocess.Popen([*command, str(tmp_path / "killed")], start_new_session=True)  # noqa: S603 - ours
    deadline = time.monotonic() + 60
    while not list((tmp_path / "killed").glob("checkpoints/*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "killed" / "run.json").exists()
    for name in ("killed", "uninterrupted"):
        subprocess.run([*command, str(tmp_path / name)], check=True, capture_output=True)  # noqa: S603 - ours
    resumed, uninterrupted = (probabilities(tmp_path / name) for name in ("killed", "uninterrupted"))
    np.testing.assert_allclose(resumed, uninterrupted, atol=1e-5)


def probabilities(run: Path) -> NDArray[np.float64]:
    with (run / "scores.csv").open() as file:
        return np.array([float(row["probability_mutant"]) for row in csv.DictReader(file)])


def test_t08_a_required_gpu_that_is_missing_is_an_error() -> None:
    with pytest.raises(TransientError, match="E_GPU: a GPU is asked for and there is none"):
        train(TrainingJob(patches(1), patches(2), seed=1), LearningSettings(epochs=1, device="gpu"))


@pytest.mark.parametrize("error", [tf.errors.ResourceExhaustedError, tf.errors.InternalError])
def test_t08_a_failing_device_has_a_code(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise error(None, None, "CUDA")

    monkeypatch.setattr(TrainingState, "next_epoch", broken)
    with pytest.raises(TransientError, match="E_GPU: CPU failed"):
        train(TrainingJob(patches(1), patches(2), seed=1), LearningSettings(epochs=1))
