"""Checks that a network is never tested on what it was trained on."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Fold, Twins
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.twins import find_twins


class SameImageError(RunRefusedError):
    """Patients have the same image; the text does not name them, because a file may name them as the hospital does."""

    pairs: tuple[Twins, ...] = ()


def check_disjoint(folds: Sequence[Fold]) -> None:
    """Check that no patient is in both parts of a fold.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` with their number.
    """
    for fold in folds:
        patients = set(fold.train) & set(fold.test)
        if patients:
            raise RunRefusedError(Code.E_LEAKAGE, f"fold {fold.number}: {len(patients)} patients are in both parts")


def check_unique(patches: Mapping[str, NDArray[np.float32]]) -> None:
    """Check that no two patients have the same image, also if it is noisier, scaled, shifted, stretched or flipped.

    Raises
    ------
    SameImageError
        As `refuse_twins`.
    """
    refuse_twins(find_twins(patches))


def refuse_twins(found: Iterable[Twins]) -> None:
    """Refuse a training if a search has found twins; a pair that several sequences show counts once.

    Raises
    ------
    SameImageError
        ``E_LEAKAGE`` with the number of patients and the pairs, the most similar first.
    """
    pairs = distinct(found)
    if pairs:
        patients = {patient for pair in pairs for patient in (pair.first, pair.second)}
        error = SameImageError(
            Code.E_LEAKAGE,
            f"{len(patients)} patients have the same image as another one (correlation of textures "
            f"{pairs[-1].similarity:.2f} to {pairs[0].similarity:.2f}); if they are one, merge them, or exclude one "
            "study of each pair",
        )
        error.pairs = pairs
        raise error


def distinct(found: Iterable[Twins]) -> tuple[Twins, ...]:
    """Return each pair of patients once, with its largest similarity, the most similar pair first."""
    by_pair: dict[frozenset[str], Twins] = {}
    for pair in sorted(found, key=lambda pair: (-pair.similarity, pair.first, pair.second)):
        by_pair.setdefault(frozenset((pair.first, pair.second)), pair)
    return tuple(by_pair.values())
