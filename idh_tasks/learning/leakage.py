"""Checks that a network is never tested on what it was trained on."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Fold
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.twins import Twins, find_twins


class SameImageError(RunRefusedError):
    """Patients have the same image; the text does not name them, because a file may name them as the hospital does."""

    pairs: tuple[Twins, ...] = ()


def check_disjoint(patches: Mapping[str, NDArray[np.float32]], folds: Sequence[Fold]) -> None:
    """Check that no patient is in both parts of a fold, and that no image is in the cohort under two patients.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` with their number.
    """
    for fold in folds:
        patients = set(fold.train) & set(fold.test)
        if patients:
            raise RunRefusedError(Code.E_LEAKAGE, f"fold {fold.number}: {len(patients)} patients are in both parts")
    check_unique(patches)


def check_unique(patches: Mapping[str, NDArray[np.float32]]) -> None:
    """Check that no two patients have the same image, also if it is noisier, scaled, shifted, stretched or flipped.

    Raises
    ------
    SameImageError
        ``E_LEAKAGE`` with the number of patients and the pairs.
    """
    twins = find_twins(patches)
    if twins:
        patients = {patient for pair in twins for patient in (pair.first, pair.second)}
        error = SameImageError(
            Code.E_LEAKAGE,
            f"{len(patients)} patients have the same image as another one (correlation of textures "
            f"{twins[-1].similarity:.2f} to {twins[0].similarity:.2f}); merge these patients, or exclude one study of "
            "each pair",
        )
        error.pairs = tuple(twins)
        raise error
