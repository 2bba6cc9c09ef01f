"""What cannot show the IDH status must not predict it; a check that cannot see says so."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.learning import CONTROL_LIMIT, LeakCheck
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.control_features import pixel_features
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.leak_checks import controls, leak_checks
from idh_tasks.learning.leakage import check_disjoint, check_unique
from idh_tasks.learning.negative_controls import (
    Array,
    Folds,
    Scorer,
    assigned_folds,
    best_feature_scorer,
    control,
    linear_scorer,
)
from idh_tasks.learning.ranked_features import ranked
from tools.leak_cohorts import LEAKS, cohort

MUTANT = np.arange(100) < 17


def checked(data: TrainingData, acquisition: Mapping[str, Mapping[str, tuple[float, ...]]]) -> dict[str, LeakCheck]:
    return {check.name: check for check in leak_checks(data, acquisition, seed=1)}


def check_folds_and_images(data: TrainingData) -> None:
    check_disjoint(data.folds)
    check_unique(data.patches)


def test_a_cohort_without_a_leak_has_no_finding_and_no_blind_check() -> None:
    clean = cohort(3, patients=40, mutants=12)
    checks = checked(clean.data, clean.acquisition)
    assert {name: check.code for name, check in checks.items()} == dict.fromkeys(
        [
            "outline", "border of the image", "noise and sharpness", "vendor and protocol", "order of ingest",
            "single pixels", "planted label", "planted twins",
        ]
    )  # fmt: skip


@pytest.mark.parametrize("name", [name for name in LEAKS if name.startswith("label")])
def test_a_label_in_images_or_acquisition_is_caught(name: str) -> None:
    leaky = LEAKS[name](cohort(7, patients=60, mutants=20), np.random.default_rng(1))
    found = [check for check in controls(leaky.data, leaky.acquisition, seed=1) if check.code is not None]
    assert found
    assert {check.code for check in found} <= {Code.W_CONTROL, Code.E_LABEL_MARK}
    assert all(check.auc is not None and check.auc > 0.7 for check in found)


@pytest.mark.parametrize("name", [name for name in LEAKS if not name.startswith("label")])
def test_a_patient_in_both_parts_is_caught(name: str) -> None:
    leaky = LEAKS[name](cohort(7, patients=30, mutants=10), np.random.default_rng(1)).data
    with pytest.raises(RunRefusedError, match="E_LEAKAGE"):
        check_folds_and_images(leaky)


def test_a_label_in_a_corner_is_called_a_mark() -> None:
    leaky = LEAKS["label in a corner pixel"](cohort(3), np.random.default_rng(1))
    found = {check.name: check.code for check in controls(leaky.data, {}, seed=1)}
    assert found["single pixels"] is Code.E_LABEL_MARK
    assert found["outline"] is None


def test_a_tiny_cohort_says_that_it_cannot_see() -> None:
    few = cohort(3, patients=12, mutants=5)
    checks = checked(few.data, few.acquisition)
    assert checks["planted label"].code is Code.W_LEAK_BLIND
    assert {check.code for check in checks.values()} <= {None, Code.W_LEAK_BLIND}


def test_blank_images_say_that_twins_cannot_be_seen() -> None:
    labels = {f"p{n}": n % 2 == 0 for n in range(20)}
    blank = {patient: np.full((64, 64), n, np.float32) for n, patient in enumerate(labels)}
    assert checked(TrainingData(blank, labels, []), {})["planted twins"].code is Code.W_LEAK_BLIND


def test_one_patient_of_a_class_says_that_it_cannot_see() -> None:
    one = cohort(3, patients=10, mutants=5).data
    data = TrainingData(one.patches, {patient: patient == "p000" for patient in one.labels}, [])
    assert {check.code for check in checked(data, {}).values() if check.name != "planted twins"} == {Code.W_LEAK_BLIND}


def test_the_permutation_test_is_exact_on_labels_without_a_signal() -> None:
    """Among 200 features without a signal, p is below 0.1 in a tenth."""
    folds, rng = assigned_folds(MUTANT, 1), np.random.default_rng(1)
    assert folds is not None
    found = [control(linear_scorer(rng.standard_normal((100, 3)), folds), MUTANT, folds, seed) for seed in range(200)]
    assert 8 <= sum(one.p_value < 0.1 for one in found) <= 34
    assert abs(np.mean([one.auc for one in found]) - 0.5) < 0.02


Scorers = Callable[[Array, Folds, Path], Scorer]


def by_rank(features: Array, folds: Folds, folder: Path) -> Scorer:
    return best_feature_scorer(ranked([features[:40], features[40:]], len(features), folder), folds)


SCORERS = [lambda features, folds, _: linear_scorer(features, folds), by_rank]


@pytest.mark.parametrize("scorer", SCORERS)
def test_a_feature_that_is_the_label_is_found(scorer: Scorers, tmp_path: Path) -> None:
    folds = assigned_folds(MUTANT, 1)
    assert folds is not None
    features = np.column_stack([MUTANT + 0.01 * np.random.default_rng(1).standard_normal(100), np.ones(100)])
    found = control(scorer(features, folds, tmp_path), MUTANT, folds, 1)
    assert found.auc == 1
    assert found.p_value < CONTROL_LIMIT


@pytest.mark.parametrize("scorer", SCORERS)
def test_features_that_do_not_vary_predict_nothing(scorer: Scorers, tmp_path: Path) -> None:
    folds = assigned_folds(MUTANT, 1)
    assert folds is not None
    found = control(scorer(np.ones((100, 2)), folds, tmp_path), MUTANT, folds, 1)
    assert (found.auc, found.p_value) == (0.5, 1.0)


def test_pseudonyms_do_not_matter() -> None:
    """Two installations that have the same images find the same."""
    clean = cohort(3, patients=30, mutants=10)
    renamed = {patient: f"{999 - number}" for number, patient in enumerate(clean.data.labels)}
    data = TrainingData(
        {renamed[patient]: patch for patient, patch in reversed(list(clean.data.patches.items()))},
        {renamed[patient]: mutant for patient, mutant in clean.data.labels.items()},
        (),
    )
    acquisition = {
        name: {renamed[patient]: numbers for patient, numbers in of.items()} for name, of in clean.acquisition.items()
    }
    assert checked(data, acquisition) == checked(clean.data, clean.acquisition)


def test_neither_a_bright_tumour_nor_its_edge_is_a_mark_but_pixels_beside_it_are() -> None:
    patch = np.zeros((1, 64, 64), np.float32)
    patch[0, 10:50, 10:50] = 3
    assert not pixel_features(patch).any()
    patch[0, 31, 33] += 1
    patch[0, :2, :2] = 1
    marked = np.abs(pixel_features(patch)).reshape(64, 64)
    assert marked[31, 33] == 1
    assert marked[1, 1] > 0.5
