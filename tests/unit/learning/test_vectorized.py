"""Networks trained together end where each ends when trained alone, even with unequal batches."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from idh_tasks.domain.learning import FINAL
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning import cross_validation
from idh_tasks.learning.checkpoints import FolderCheckpoints
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import FoldOutcome, TrainingData
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.learner import Learner
from idh_tasks.learning.training import train
from idh_tasks.learning.training_job import Patches, TrainedNetwork, TrainingJob
from idh_tasks.learning.vectorized import train_together
from idh_tasks.settings import LearningSettings
from tests.unit.learning.test_training import patches

SHORT = LearningSettings(epochs=4, checkpoint_every=2)
HALF = SHORT.model_copy(update={"epochs": 2})
NOBODY = Patches(np.zeros((0, 64, 64), np.float32), np.zeros(0, np.int64))


def unequal_jobs() -> list[TrainingJob]:
    """Return jobs with 2, 3 and 4 batches per epoch, the last ones partial; one has no held-out patients."""
    sizes = {5: 24, 6: 31, 7: 40}
    return [
        TrainingJob(patches(seed, n), patches(9) if seed < 7 else NOBODY, seed, fold=seed) for seed, n in sizes.items()
    ]


def flat(weights: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate([weight.ravel() for weight in weights])


def difference(one: TrainedNetwork, other: TrainedNetwork, job: TrainingJob, settings: LearningSettings) -> float:
    """Return the distance of two networks, relative to the distance of the first from their common start."""
    start = flat(Learner(64, settings, job.seed).model.get_weights())
    first, second = flat(one.model.get_weights()), flat(other.model.get_weights())
    return float(np.linalg.norm(first - second) / np.linalg.norm(first - start))


def test_each_network_learns_as_if_trained_alone() -> None:
    alone = [train(job, SHORT) for job in unequal_jobs()]
    together = train_together(unequal_jobs(), SHORT)
    for job, one, other in zip(unequal_jobs(), alone, together, strict=True):
        assert difference(one, other, job, SHORT) < 0.02
        np.testing.assert_allclose(np.array(other.curve), np.array(one.curve), rtol=1e-3)


def with_checkpoints(folder: Path) -> list[TrainingJob]:
    return [replace(job, checkpoints=FolderCheckpoints(folder)) for job in unequal_jobs()]


def test_a_network_that_finishes_first_stays_unchanged_while_the_others_continue(tmp_path: Path) -> None:
    train(with_checkpoints(tmp_path)[0], HALF)
    together = train_together(with_checkpoints(tmp_path), SHORT)
    for job, trained in zip(unequal_jobs(), together, strict=True):
        assert difference(train(job, SHORT), trained, job, SHORT) < 0.02


def test_a_network_trained_together_with_others_resumes_alone(tmp_path: Path) -> None:
    train_together(with_checkpoints(tmp_path), HALF)
    resumed = train(with_checkpoints(tmp_path)[1], SHORT)
    assert difference(train(unequal_jobs()[1], SHORT), resumed, unequal_jobs()[1], SHORT) < 0.02
    assert [epoch for epoch, _ in resumed.curve] == [1, 2, 3, 4]


def test_t01_one_loss_that_is_not_finite_stops_all_networks() -> None:
    broken = Patches(np.full((6, 64, 64), np.nan, dtype=np.float32), np.array([0, 1, 0, 1, 0, 1]))
    with pytest.raises(RunRefusedError, match="E_NAN_LOSS"):
        train_together([*unequal_jobs(), TrainingJob(broken, NOBODY, 8)], SHORT)


def test_on_a_gpu_all_folds_are_trained_together(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, settings = patches(1, 30), SHORT.model_copy(update={"epochs": 2})
    images = {f"p{n:02d}": image for n, image in enumerate(drawn.x[np.arange(30)])}
    labels = {f"p{n:02d}": bool(label) for n, label in enumerate(drawn.y)}
    folds = [replace(fold, repetition=fold.number // 2) for fold in stratified_folds(labels, 3, 1)]
    data = TrainingData(images, labels, folds)
    outcomes = []
    for gpu in (False, True):
        monkeypatch.setattr(cross_validation, "gpu_present", lambda gpu=gpu: gpu)
        outcomes.append(cross_validate(data, settings))
    alone, together = outcomes
    assert [(o.number, o.repetition) for o in together] == [(0, 0), (1, 0), (2, 1), (FINAL, 0)]
    assert [o.number for o in together] == [o.number for o in alone]
    assert [s.patient_key for o in together for s in o.scores] == [s.patient_key for o in alone for s in o.scores]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(probabilities(one), probabilities(other), atol=2e-3)


def probabilities(outcome: FoldOutcome) -> list[float]:
    return [score.probability_mutant for score in outcome.scores]
