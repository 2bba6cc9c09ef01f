"""Patient-disjoint stratified folds, refused with the numbers where they cannot be had."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.model_selection import StratifiedKFold

from idh_tasks.domain.learning import Fold
from idh_tasks.errors import RunRefusedError

MIN_TRAIN_PER_CLASS = 2


def stratified_folds(labels: Mapping[str, bool], count: int, seed: int) -> list[Fold]:
    """Split patients into `count` disjoint folds with the classes spread evenly.

    Parameters
    ----------
    labels
        Patient → mutant.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class has fewer patients than there are folds.
    """
    patients = np.array(sorted(labels))
    mutant = np.array([labels[patient] for patient in patients], dtype=bool)
    rarest = int(min(mutant.sum(), (~mutant).sum()))
    if rarest < count:
        raise RunRefusedError(
            "E_FOLD_DEGENERATE",
            f"{count} folds need {count} patients of each class; the rarer class has {rarest} of {len(patients)}",
        )
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return [
        Fold(number, tuple(map(str, patients[train])), tuple(map(str, patients[test])))
        for number, (train, test) in enumerate(splitter.split(patients, mutant))
    ]


def restrict(folds: Sequence[Fold], labels: Mapping[str, bool]) -> list[Fold]:
    """Keep the patients who have the sequence, and check that every fold still holds both classes.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` with the numbers of the first fold that does not.
    """
    kept = [
        Fold(
            fold.number,
            tuple(p for p in fold.train if p in labels),
            tuple(p for p in fold.test if p in labels),
        )
        for fold in folds
    ]
    for fold in kept:
        _check("held out", fold.number, [labels[p] for p in fold.test], 1)
        _check("training", fold.number, [labels[p] for p in fold.train], MIN_TRAIN_PER_CLASS)
    return kept


def _check(part: str, number: int, mutant: Sequence[bool], floor: int) -> None:
    positive = sum(mutant)
    if min(positive, len(mutant) - positive) < floor:
        raise RunRefusedError(
            "E_FOLD_DEGENERATE",
            f"fold {number}: {positive} mutants among {len(mutant)} {part}; {floor} of each class needed",
        )
