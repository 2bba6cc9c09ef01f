"""A file of patches for `idh learn train` is read in one way or refused with a code."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idh_tasks.errors import RunRefusedError
from idh_tasks.offline.learning import train
from idh_tasks.offline.learning_files import read_data
from idh_tasks.settings import LearningSettings

PATIENTS = np.array([f"p{n}" for n in range(6)])
PATCHES = np.random.default_rng(1).standard_normal((6, 32, 32))


def written(folder: Path, y: Any, x: Any = PATCHES, patients: Any = PATIENTS) -> Path:
    np.savez(folder / "data.npz", x=np.array(x), y=np.array(y), patient=np.array(patients))
    return folder / "data.npz"


@pytest.mark.parametrize(
    "y",
    [
        [1, 1, 0, 0, 0, 0],
        [1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [True, True, False, False, False, False],
        ["mutant", " IDH-mutant", "wildtype", "wt", "WT", "0"],
    ],
)
def test_labels_may_be_numbers_booleans_or_words(y: Any, tmp_path: Path) -> None:
    _, labels = read_data(written(tmp_path, y))
    assert list(labels.values()) == [True, True, False, False, False, False]


@pytest.mark.parametrize(
    "y",
    [
        [1, 2, 0, 0, 0, 0],
        [1, -1, 0, 0, 0, 0],
        [1.0, float("nan"), 0.0, 0.0, 0.0, 0.0],
        [1.0, 0.5, 0.0, 0.0, 0.0, 0.0],
        ["mutant", "", "wildtype", "wildtype", "wildtype", "wildtype"],
        ["mutant", "unknown", "wildtype", "wildtype", "wildtype", "wildtype"],
        np.eye(2)[[1, 1, 0, 0, 0, 0]],
        np.array([1, None, 0, 0, 0, 0], dtype=object),
    ],
)
def test_a_missing_label_or_a_third_class_is_never_a_mutant(y: Any, tmp_path: Path) -> None:
    with pytest.raises(RunRefusedError, match="E_SCHEMA"):
        read_data(written(tmp_path, y))


@pytest.mark.parametrize("x", [np.full((6, 32, 32), "a"), PATCHES + 1j, np.full((6, 32, 32), None)])
def test_patches_that_are_no_real_numbers_are_refused(x: Any, tmp_path: Path) -> None:
    with pytest.raises(RunRefusedError, match="E_SCHEMA"):
        read_data(written(tmp_path, [0] * 6, x=x))


def test_patches_that_are_too_large_for_single_precision_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunRefusedError, match="E_EMPTY_IMAGE"):
        read_data(written(tmp_path, [0] * 6, x=1e300 * PATCHES))


@pytest.mark.parametrize("kind", ["S", "U"])
def test_patients_may_be_bytes(kind: str, tmp_path: Path) -> None:
    _, labels = read_data(written(tmp_path, [0] * 6, patients=PATIENTS.astype(kind)))
    assert list(labels) == PATIENTS.tolist()


def test_patients_in_a_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunRefusedError, match=r"E_SCHEMA: patient has the shape \(6, 1\)"):
        read_data(written(tmp_path, [0] * 6, patients=PATIENTS[:, None]))


def test_patches_of_which_pooling_would_leave_nothing_are_refused_before_the_training(tmp_path: Path) -> None:
    path = written(tmp_path, [1, 1, 1, 0, 0, 0], x=PATCHES[:, :8, :8])
    with pytest.raises(RunRefusedError, match="E_SCHEMA: patches are 8 pixels wide; the network needs 16 at least"):
        train(path, tmp_path / "run", LearningSettings(folds=2), "")
