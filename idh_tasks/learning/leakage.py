"""Checks that a network is never tested on what it was trained on."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Fold
from idh_tasks.errors import RunRefusedError


def check_disjoint(patches: Mapping[str, NDArray[np.float32]], folds: Sequence[Fold]) -> None:
    """Check that no patient and no image is in both parts of a fold.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` with their number.
    """
    hashes = {patient: hashlib.sha256(patch.tobytes()).hexdigest() for patient, patch in patches.items()}
    for fold in folds:
        patients = set(fold.train) & set(fold.test)
        if patients:
            raise RunRefusedError(Code.E_LEAKAGE, f"fold {fold.number}: {len(patients)} patients are in both parts")
        images = {hashes[p] for p in fold.train} & {hashes[p] for p in fold.test}
        if images:
            raise RunRefusedError(
                Code.E_LEAKAGE,
                f"fold {fold.number}: {len(images)} images are in both parts under different patients; "
                "merge these patients, or withdraw one of them",
            )
