"""A fold that tests a network on what it was trained on is refused."""

import numpy as np
import pytest

from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import stratified_folds
from idh_tasks.learning.leakage import check_disjoint
from tests.unit.learning.test_training import patches


def cohort() -> tuple[dict[str, np.ndarray], dict[str, bool]]:
    data = patches(1, 20)
    images = {f"p{n:02d}": image for n, image in enumerate(data.x)}
    return images, {f"p{n:02d}": bool(label) for n, label in enumerate(data.y)}


def test_t05_one_image_under_two_patients_is_recognised_by_its_pixels() -> None:
    images, labels = cohort()
    folds = stratified_folds(labels, 5, 1)
    check_disjoint(images, folds)
    held_out, trained_on = folds[0].test[0], folds[0].train[0]
    images[trained_on] = images[held_out]
    with pytest.raises(RunRefusedError, match="E_LEAKAGE: fold 0: 1 images are in both parts"):
        check_disjoint(images, folds)


def test_t05_a_patient_in_both_parts_is_recognised_by_their_key() -> None:
    images, labels = cohort()
    fold = stratified_folds(labels, 5, 1)[0]
    leaky = type(fold)(0, (*fold.train, fold.test[0]), fold.test)
    with pytest.raises(RunRefusedError, match="E_LEAKAGE: fold 0: 1 patients"):
        check_disjoint(images, [leaky])
