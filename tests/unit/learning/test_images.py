"""Patches are read by number, from memory or from a file, and what is computed from them in pieces is what it was."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from idh_tasks.learning import epochs, images
from idh_tasks.learning.images import Float, PatchFile, PatchRows, chunks, in_one_array, select
from idh_tasks.learning.learner import Learner
from idh_tasks.learning.negative_controls import assigned_folds, linear_scorer
from idh_tasks.learning.training import probabilities, train
from idh_tasks.learning.training_job import Patches, TrainedNetwork, TrainingJob
from idh_tasks.learning.vectorized import train_together
from idh_tasks.settings import LearningSettings

COUNT = 40
DRAWN = np.random.default_rng(1).standard_normal((COUNT, 16, 16)).astype(np.float32)
Y = np.arange(COUNT) % 3 // 2
ONE_EPOCH = LearningSettings(epochs=1)


@pytest.fixture
def file(tmp_path: Path) -> PatchFile:
    written = PatchFile(tmp_path / "patches", DRAWN.shape)
    for rows in (np.arange(30, COUNT), np.arange(30)):
        written.write(rows, DRAWN[rows])
    return written


def test_a_file_gives_the_patches_that_were_written(file: PatchFile) -> None:
    assert_array_equal(file[np.array([39, 0, 39])], DRAWN[[39, 0, 39]])


def test_a_selection_of_a_selection_reads_from_the_first_array(file: PatchFile) -> None:
    even = select(file, np.arange(0, COUNT, 2))
    last = select(even, np.array([19, 1]))
    assert last.images is file
    assert last.shape == (2, 16, 16)
    assert_array_equal(last[np.array([0, 1])], DRAWN[[38, 2]])


def test_pieces_are_all_patches_in_order(file: PatchFile) -> None:
    pieces = list(chunks(file, 17))
    assert [len(piece) for piece in pieces] == [17, 17, 6]
    assert_array_equal(np.concatenate(pieces), DRAWN)


def test_patches_of_patients_are_rows_of_one_array() -> None:
    rows = in_one_array({f"p{n}": patch for n, patch in enumerate(DRAWN)})
    assert in_one_array(rows) is rows
    assert list(rows) == [f"p{n}" for n in range(COUNT)]
    assert_array_equal(rows["p7"], DRAWN[7])
    assert_array_equal(rows.of(["p7", "p2"])[np.arange(2)], DRAWN[[7, 2]])


def test_losses_and_predictions_in_pieces_are_those_of_all_patches_at_once(
    file: PatchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = Learner(16, ONE_EPOCH, 1)
    whole, loss = probabilities(learner.model, DRAWN), learner.loss(Patches(DRAWN, Y))
    monkeypatch.setattr(images, "CHUNK", 7)
    assert_allclose(probabilities(learner.model, file), whole, rtol=1e-5)
    assert learner.loss(Patches(file, Y)) == pytest.approx(loss, rel=1e-6)


def jobs(of: Float | PatchFile) -> list[TrainingJob]:
    """Return two folds of one array."""
    rows, everybody = np.arange(COUNT), Patches(of, Y)
    return [TrainingJob(everybody.only(rows[n:]), everybody.only(rows[:n]), seed=n, fold=n) for n in (8, 9)]


def weights(network: TrainedNetwork) -> Float:
    return np.concatenate([weight.ravel() for weight in network.model.get_weights()])


def test_an_epoch_in_pieces_from_a_file_is_that_of_an_array_on_the_device(
    file: PatchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [train(jobs(DRAWN)[0], ONE_EPOCH), *train_together(jobs(DRAWN), ONE_EPOCH)]
    monkeypatch.setattr(epochs, "RESIDENT_BYTES", 0)
    monkeypatch.setattr(epochs, "SEGMENT", 32)
    after = [train(jobs(file)[0], ONE_EPOCH), *train_together(jobs(file), ONE_EPOCH)]
    for one, other in zip(before, after, strict=True):
        assert_allclose(weights(other), weights(one), atol=1e-6)
        assert_allclose(np.array(other.training_curve), np.array(one.training_curve), rtol=1e-6)


def test_folds_share_one_array_on_the_device() -> None:
    read = epochs.reader([job.data.x for job in jobs(DRAWN)])
    assert_array_equal(read(np.array([[0, 1], [2, 0]]))[..., 0], DRAWN[[[8, 9], [11, 9]]])


def test_a_control_by_features_is_the_one_by_patients() -> None:
    """The regression that a matrix of patients by patients would give (kernel ridge regression)."""
    rng, mutant = np.random.default_rng(2), np.arange(60) < 20
    features, folds, labels = (
        rng.standard_normal((60, 5)),
        assigned_folds(mutant, 1),
        rng.permuted([mutant] * 3, axis=1),
    )
    assert folds is not None
    found = linear_scorer(features, folds)(labels)
    for fold in np.unique(folds):
        test, train_ = folds == fold, folds != fold
        x = (features - features[train_].mean(axis=0)) / features[train_].std(axis=0) / np.sqrt(5)
        kernel = x[train_] @ x[train_].T + np.eye(int(train_.sum()))
        centred = labels[:, train_] - labels[:, train_].mean(axis=1, keepdims=True)
        expected = centred @ np.linalg.solve(kernel, x[train_] @ x[test].T)
        assert_allclose(found[:, test], expected, atol=1e-10)


def test_rows_in_a_file_know_their_patients(file: PatchFile) -> None:
    rows = PatchRows([f"p{n}" for n in range(COUNT)], file)
    assert len(rows) == COUNT
    assert_array_equal(rows["p39"], DRAWN[39])
