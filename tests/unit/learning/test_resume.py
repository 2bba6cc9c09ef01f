"""A training that is killed goes on from its last whole checkpoint to the very same network."""

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

from idh_tasks.domain.learning import Selection
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.learning.checkpoints import FolderCheckpoints, Progress, packed, unpacked
from idh_tasks.learning.course import Course, Patches, Task, Trained
from idh_tasks.learning.cross_validation import check_disjoint
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.stacked import train_together
from idh_tasks.learning.training import train
from idh_tasks.settings import LearningSettings
from tests.unit.learning.test_training import patches

SHORT = LearningSettings(epochs=4, checkpoint_every=1)


class KilledError(Exception):
    """Stands for the end of the process."""


@dataclass(frozen=True)
class KillAfter(FolderCheckpoints):
    """Ends the training once the checkpoint of an epoch is written, or in the middle of writing it."""

    epoch: int
    half_written: bool

    def save(self, fold: int, progress: Progress) -> None:
        if progress.epoch == self.epoch and self.half_written:
            self._path(fold).with_suffix(".tmp").write_bytes(packed(progress)[:1000])
            raise KilledError
        super().save(fold, progress)
        if progress.epoch == self.epoch:
            raise KilledError


INNER = SHORT.model_copy(update={"select": Selection.INNER, "learning_rate": 0.05, "patience": 3, "epochs": 9})
"""Steps so large that the loss on the inner patients rises from the first epoch on."""


def stacked(task: Task, settings: LearningSettings) -> Trained:
    """Train by the way of a GPU."""
    return train_together([task], settings)[0]


@dataclass(frozen=True)
class Whole:
    """A way to train, its settings, and an undisturbed training."""

    way: Callable[[Task, LearningSettings], Trained]
    settings: LearningSettings
    undisturbed: Trained


@pytest.fixture(
    scope="module",
    params=list(product([train, stacked], [SHORT, INNER])),
    ids=["last", "inner", "stacked", "stacked inner"],
)
def whole(request: pytest.FixtureRequest) -> Whole:
    way, settings = request.param
    return Whole(way, settings, way(Task(patches(1), patches(2), seed=5), settings))


@pytest.mark.parametrize("half_written", [False, True])
@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_t07_killed_at_any_epoch_or_inside_a_checkpoint_it_ends_the_same(
    whole: Whole, epoch: int, half_written: bool, tmp_path: Path
) -> None:
    killed = Task(patches(1), patches(2), 5, checkpoints=KillAfter(tmp_path, epoch, half_written=half_written))
    with pytest.raises(KilledError):
        whole.way(killed, whole.settings)
    resumed = whole.way(replace(killed, checkpoints=FolderCheckpoints(tmp_path)), whole.settings)
    for one, other in zip(resumed.model.get_weights(), whole.undisturbed.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert [number for number, _ in resumed.curve] == [number for number, _ in whole.undisturbed.curve]
    assert list(tmp_path.glob("*.tmp")) == []


def test_t07_a_checkpoint_that_is_not_whole_counts_for_none() -> None:
    good = packed(Progress(3, 0.5, ((1, 0.7),), [np.ones(3, np.float32)]))
    assert unpacked(good) is not None
    assert unpacked(good[:-1]) is None
    assert unpacked(good[:40] + bytes([good[40] ^ 1]) + good[41:]) is None
    assert unpacked(None) is None


def test_t07_a_killed_process_goes_on_where_it_was(tmp_path: Path) -> None:
    rng, y = np.random.default_rng(1), np.arange(12) % 2
    x = rng.standard_normal((12, 64, 64)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, y=y, patient=np.array([f"p{n}" for n in range(12)]))
    command = [Path(sys.executable).with_name("idh"), "learn", "train", tmp_path / "data.npz", "--folds", "2"]
    command += ["--epochs", "60", "-o"]
    first = subprocess.Popen([*command, tmp_path / "killed"], start_new_session=True)  # noqa: S603 - ours
    deadline = time.monotonic() + 60
    while not list((tmp_path / "killed").glob("checkpoints/*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "killed" / "run.json").exists()
    for name in ("killed", "undisturbed"):
        subprocess.run([*command, tmp_path / name], check=True, capture_output=True)  # noqa: S603 - ours
    scores = [
        np.genfromtxt(tmp_path / name / "scores.csv", delimiter=",", skip_header=1, usecols=2)
        for name in ("killed", "undisturbed")
    ]
    np.testing.assert_allclose(*scores, atol=1e-5)


def test_t08_a_gpu_that_is_asked_for_and_missing_is_an_error() -> None:
    with pytest.raises(TransientError, match="E_GPU: a GPU is asked for and there is none"):
        train(Task(patches(1), patches(2), seed=1), LearningSettings(epochs=1, device="gpu"))


@pytest.mark.parametrize("error", [tf.errors.ResourceExhaustedError, tf.errors.InternalError])
def test_t08_a_device_that_fails_has_a_code(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise error(None, None, "CUDA")

    monkeypatch.setattr(Course, "next_epoch", broken)
    with pytest.raises(TransientError, match="E_GPU: CPU failed"):
        train(Task(patches(1), patches(2), seed=1), LearningSettings(epochs=1))


def leaky() -> tuple[dict[str, np.ndarray], dict[str, bool]]:
    data: Patches = patches(1, 20)
    images = {f"p{n:02d}": image for n, image in enumerate(data.x)}
    return images, {f"p{n:02d}": bool(label) for n, label in enumerate(data.y)}


def test_t05_one_image_under_two_patients_is_found_by_its_pixels() -> None:
    images, labels = leaky()
    folds = stratified_folds(labels, 5, 1)
    check_disjoint(images, folds)
    held_out, learnt = folds[0].test[0], folds[0].train[0]
    images[learnt] = images[held_out]
    with pytest.raises(RunRefusedError, match="E_LEAKAGE: fold 0: 1 images are in both parts"):
        check_disjoint(images, folds)


def test_t05_a_patient_in_both_parts_is_found_by_its_key() -> None:
    images, labels = leaky()
    fold = stratified_folds(labels, 5, 1)[0]
    planted = type(fold)(0, (*fold.train, fold.test[0]), fold.test)
    with pytest.raises(RunRefusedError, match="E_LEAKAGE: fold 0: 1 patients"):
        check_disjoint(images, [planted])
