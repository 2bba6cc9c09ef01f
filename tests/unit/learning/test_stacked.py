"""Networks trained as one end where each ends by itself, however unequal their batches."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idh_tasks.errors import RunRefusedError
from idh_tasks.learning import cross_validation
from idh_tasks.learning.checkpoints import FolderCheckpoints
from idh_tasks.learning.course import Learner, Patches, Task, Trained
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.stacked import train_together
from idh_tasks.learning.training import train
from idh_tasks.settings import LearningSettings
from tests.unit.learning.test_training import patches

PAPERS_RATE = LearningSettings(epochs=4, checkpoint_every=2)
HALF = PAPERS_RATE.model_copy(update={"epochs": 2})
NOBODY = Patches(np.zeros((0, 64, 64), np.float32), np.zeros(0, np.int64))


def unequal() -> list[Task]:
    """Return tasks of 2, 3 and 4 batches an epoch, the last ones partial; one has nobody held out."""
    sizes = {5: 24, 6: 31, 7: 40}
    return [Task(patches(seed, n), patches(9) if seed < 7 else NOBODY, seed, fold=seed) for seed, n in sizes.items()]


def flat(weights: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate([weight.ravel() for weight in weights])


def apart(one: Trained, other: Trained, task: Task, settings: LearningSettings) -> float:
    """Return how far two trainings lie apart, as a share of the way that they went from their common start."""
    begun = flat(Learner(64, settings, task.seed).model.get_weights())
    first, second = flat(one.model.get_weights()), flat(other.model.get_weights())
    return float(np.linalg.norm(first - second) / np.linalg.norm(first - begun))


def test_each_network_learns_what_it_learns_alone() -> None:
    alone = [train(task, PAPERS_RATE) for task in unequal()]
    together = train_together(unequal(), PAPERS_RATE)
    for task, one, other in zip(unequal(), alone, together, strict=True):
        assert apart(one, other, task, PAPERS_RATE) < 0.02
        np.testing.assert_allclose(np.array(other.curve), np.array(one.curve), rtol=1e-3)


def kept(folder: Path) -> list[Task]:
    return [replace(task, checkpoints=FolderCheckpoints(folder)) for task in unequal()]


def test_one_that_is_ahead_stands_still_when_it_is_done_while_the_others_go_on(tmp_path: Path) -> None:
    train(kept(tmp_path)[0], HALF)
    together = train_together(kept(tmp_path), PAPERS_RATE)
    for task, trained in zip(unequal(), together, strict=True):
        assert apart(train(task, PAPERS_RATE), trained, task, PAPERS_RATE) < 0.02


def test_what_was_trained_together_goes_on_alone(tmp_path: Path) -> None:
    train_together(kept(tmp_path), HALF)
    resumed = train(kept(tmp_path)[1], PAPERS_RATE)
    assert apart(train(unequal()[1], PAPERS_RATE), resumed, unequal()[1], PAPERS_RATE) < 0.02
    assert [epoch for epoch, _ in resumed.curve] == [1, 2, 3, 4]


def test_t01_one_loss_that_is_no_number_stops_them_all() -> None:
    broken = Patches(np.full((6, 64, 64), np.nan, dtype=np.float32), np.array([0, 1, 0, 1, 0, 1]))
    with pytest.raises(RunRefusedError, match="E_NAN_LOSS"):
        train_together([*unequal(), Task(broken, NOBODY, 8)], PAPERS_RATE)


def test_where_there_is_a_gpu_all_folds_are_trained_together(monkeypatch: pytest.MonkeyPatch) -> None:
    data, settings = patches(1, 30), PAPERS_RATE.model_copy(update={"epochs": 2})
    images = {f"p{n:02d}": image for n, image in enumerate(data.x)}
    labels = {f"p{n:02d}": bool(label) for n, label in enumerate(data.y)}
    folds = stratified_folds(labels, 3, 1)
    found = []
    for gpu in (False, True):
        monkeypatch.setattr(cross_validation, "gpu_present", lambda gpu=gpu: gpu)
        found.append(cross_validate(images, labels, folds, settings))
    alone, together = found
    assert [o.number for o in together] == [o.number for o in alone]
    assert [s.patient_key for o in together for s in o.scores] == [s.patient_key for o in alone for s in o.scores]
    for one, other in zip(alone, together, strict=True):
        given = [[score.probability_mutant for score in outcome.scores] for outcome in (one, other)]
        np.testing.assert_allclose(*given, atol=2e-3)
