"""Patient-disjoint folds by two schemes, refused with the numbers where they cannot be had."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom
from sklearn.model_selection import StratifiedKFold

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Fold, Scheme
from idh_tasks.errors import RunRefusedError
from idh_tasks.settings import LearningSettings

MIN_TRAIN_PER_CLASS = 2
TEST_SHARE = 0.2
"""Of the scheme `repeated`: the paper's test_size."""
PAPERS_FLOOR = 5
"""Mutants in every test set, as the paper states."""

Patients = NDArray[np.str_]


def make_folds(
    labels: Mapping[str, bool], scheme: Scheme, count: int, seed: int, min_mutants: int | None = None
) -> list[Fold]:
    """Split patients by one of the protocol's schemes.

    Parameters
    ----------
    labels
        Patient → mutant.
    min_mutants
        Floor on the mutants in every test set; without it none for `stratified`, the paper's 5 for `repeated`.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` with the arithmetic, if the scheme cannot be had.
    """
    if scheme is Scheme.STRATIFIED:
        return stratified_folds(labels, count, seed, min_mutants or 0)
    return repeated_splits(labels, count, seed, PAPERS_FLOOR if min_mutants is None else min_mutants)


def locked(patients: Iterable[str], share: float) -> frozenset[str]:
    """Return who is in the locked test set: it follows from the pseudonym alone, whoever else is in the cohort."""
    return frozenset(p for p in patients if int.from_bytes(sha256(p.encode()).digest()[:8]) < share * 2**64)


def folds_of(labels: Mapping[str, bool], settings: LearningSettings) -> list[Fold]:
    """Return the folds of a cohort by its settings, the same for all of its sequences; the locked set is in none."""
    kept = locked(labels, settings.locked_share)
    labels = {patient: mutant for patient, mutant in labels.items() if patient not in kept}
    return make_folds(labels, settings.scheme, settings.folds, settings.seed, settings.min_mutants)


def stratified_folds(labels: Mapping[str, bool], count: int, seed: int, min_mutants: int = 0) -> list[Fold]:
    """Split patients into `count` disjoint folds with the classes spread evenly.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class has fewer patients than there are folds, or the floor is too high.
    """
    patients, mutant = _sorted(labels)
    rarest = int(min(mutant.sum(), (~mutant).sum()))
    if rarest < count:
        raise RunRefusedError(
            Code.E_FOLD_DEGENERATE,
            f"{count} folds need {count} patients of each class; the rarer class has {rarest} of {len(patients)}",
        )
    mutants = int(mutant.sum())
    if mutants < count * min_mutants:
        raise RunRefusedError(
            Code.E_FOLD_DEGENERATE,
            f"{count} disjoint folds of at least {min_mutants} mutants need {count} × {min_mutants} = "
            f"{count * min_mutants} mutants, there are {mutants}; at most {mutants // count} a fold can be had",
        )
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return [_fold(number, patients, test) for number, (_, test) in enumerate(splitter.split(patients, mutant))]


def repeated_splits(labels: Mapping[str, bool], count: int, seed: int, min_mutants: int = PAPERS_FLOOR) -> list[Fold]:
    """Draw random 80:20 splits of which each test set has enough mutants; a patient may be held out several times.

    Redrawing until the floor is met gives the number of mutants a hypergeometric distribution cut off below the
    floor: it is drawn from that at once, and then who they are.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if no split meets the floor and leaves two of each class to learn from.
    """
    patients, mutant = _sorted(labels)
    size, mutants = round(TEST_SHARE * len(patients)), int(mutant.sum())
    wildtypes = len(patients) - mutants
    low = max(min_mutants, 1, size - (wildtypes - MIN_TRAIN_PER_CLASS))
    high = min(mutants - MIN_TRAIN_PER_CLASS, size - 1)
    if low > high:
        raise RunRefusedError(
            Code.E_FOLD_DEGENERATE,
            f"test sets of {size} of {len(patients)} patients with at least {max(min_mutants, 1)} mutants and one "
            f"wild type, and {MIN_TRAIN_PER_CLASS} of each class to learn from, cannot be drawn from {mutants} "
            f"mutants and {wildtypes} wild types",
        )
    counts = np.arange(low, high + 1)
    weights = hypergeom.logpmf(counts, len(patients), mutants, size)
    chances = np.exp(weights - weights.max())
    rng = np.random.default_rng(seed)
    folds = []
    for number in range(count):
        held_out = int(rng.choice(counts, p=chances / chances.sum()))
        parts = ((np.flatnonzero(mutant), held_out), (np.flatnonzero(~mutant), size - held_out))
        test = np.concatenate([rng.choice(places, n, replace=False) for places, n in parts])
        folds.append(_fold(number, patients, np.sort(test)))
    return folds


def _sorted(labels: Mapping[str, bool]) -> tuple[Patients, NDArray[np.bool_]]:
    patients = np.array(sorted(labels))
    return patients, np.array([labels[patient] for patient in patients], dtype=bool)


def _fold(number: int, patients: Patients, test: NDArray[np.int64]) -> Fold:
    train = np.delete(patients, test)
    return Fold(number, tuple(map(str, train)), tuple(map(str, patients[test])))


def mutants_held_out(folds: Sequence[Fold], labels: Mapping[str, bool]) -> list[int]:
    """Return how many mutants each test set has."""
    return [sum(labels[patient] for patient in fold.test) for fold in folds]


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
            Code.E_FOLD_DEGENERATE,
            f"fold {number}: {positive} mutants among {len(mutant)} {part}; {floor} of each class needed",
        )
