"""Early stopping selects weights by patients of the training part, never by held-out patients."""

from pathlib import Path

import numpy as np
import pytest

from idh_tasks.domain.learning import Selection
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.checkpoints import Checkpoint, FolderCheckpoints, deserialize, serialize
from idh_tasks.learning.selection import Best, finished, set_aside
from idh_tasks.learning.training import probabilities, train
from idh_tasks.learning.training_job import Patches, TrainingJob
from idh_tasks.settings import LearningSettings
from tests.unit.learning.test_training import patches

INNER = LearningSettings(epochs=60, learning_rate=0.02, select=Selection.INNER, patience=5, checkpoint_every=1)


def test_a_fifth_is_set_aside_with_its_share_of_mutants() -> None:
    y = (np.arange(80) < 15).astype(np.int64)
    learn, inner = set_aside(y, seed=1)
    assert sorted([*learn, *inner]) == list(range(80))
    assert (len(inner), int(y[inner].sum())) == (16, 3)


def test_too_few_mutants_to_set_aside_are_refused_with_the_numbers() -> None:
    with pytest.raises(RunRefusedError, match=r"E_FOLD_DEGENERATE: .* 1 mutants and 9 wild types"):
        set_aside(np.array([1] + 9 * [0]), seed=1)


def test_a_training_stops_when_the_loss_has_not_fallen_for_patience_epochs() -> None:
    best = Best(10, 0.5, [])
    assert not finished(14, best, INNER)
    assert finished(15, best, INNER)
    assert finished(60, None, INNER)


def test_the_weights_with_the_least_inner_loss_are_kept(tmp_path: Path) -> None:
    data = patches(1, 40)
    checkpoints = FolderCheckpoints(tmp_path)
    trained = train(TrainingJob(data, patches(2), seed=3, checkpoints=checkpoints), INNER)
    last = deserialize(checkpoints.load(0))
    assert last is not None
    assert last.best is not None
    assert last.epoch == last.best.epoch + INNER.patience < INNER.epochs
    inner = data.only(set_aside(data.y, 3)[1])
    of_label = probabilities(trained.model, inner.x)[np.arange(len(inner.y)), inner.y]
    assert -np.log(of_label).mean() == pytest.approx(last.best.loss, abs=1e-5)


def test_held_out_patches_do_not_affect_the_training() -> None:
    settings = INNER.model_copy(update={"epochs": 6})
    held_out = (patches(2), Patches(np.zeros((3, 64, 64), np.float32), np.array([0, 1, 0])))
    first, second = (train(TrainingJob(patches(1), one, seed=3), settings).model.get_weights() for one in held_out)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_checkpoint_contains_the_best_weights() -> None:
    best = Best(2, 0.25, [np.arange(3, dtype=np.float32), np.ones((2, 2), np.float32)])
    checkpoint = deserialize(serialize(Checkpoint(3, 0.5, ((1, 0.7),), [np.ones(3, np.float32)], best)))
    assert checkpoint is not None
    assert checkpoint.best is not None
    assert (checkpoint.best.epoch, checkpoint.best.loss) == (2, 0.25)
    np.testing.assert_equal(list(checkpoint.best.weights), list(best.weights))
