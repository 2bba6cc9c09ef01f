"""Patient-disjoint folds by two schemes, refused with the numbers if they are impossible.

Patients are taken in the order of the labels, which must not follow from pseudonyms (`labels_of`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

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
"""Share of patients in a test set of the scheme `repeated`: the paper's test_size."""
PAPER_MIN_MUTANTS = 5
"""Mutants in every test set, as the paper states."""

DRAWS = 100
"""How often the folds of a repetition are drawn at most until every sequence can be trained on them."""

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
        Minimum number of mutants in every test set; by default none for `stratified` and the paper's 5 for `repeated`.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` with the numbers, if the scheme is impossible for these labels.
    """
    if scheme is Scheme.STRATIFIED:
        return stratified_folds(labels, count, seed, min_mutants or 0)
    return repeated_splits(labels, count, seed, PAPER_MIN_MUTANTS if min_mutants is None else min_mutants)


def folds_of(
    labels: Mapping[str, bool], settings: LearningSettings, sequences: Collection[Collection[str]] = ()
) -> list[Fold]:
    """Return the folds of a cohort, which all its sequences share; their numbers run on over the repetitions.

    Parameters
    ----------
    labels
        Patient → mutant, without the patients of the locked set.
    sequences
        The patients who have each sequence. Few of them can lack a class in a fold, so each repetition is drawn anew
        until every sequence that has enough of both classes can be trained, `DRAWS` times at most.
    """
    trainable = [own for own in sequences if _enough(own, labels, settings)]
    return [fold for number in range(settings.repetitions) for fold in _repetition(number, labels, settings, trainable)]


def _enough(own: Collection[str], labels: Mapping[str, bool], settings: LearningSettings) -> bool:
    mutants = sum(labels[patient] for patient in own)
    least = settings.folds if settings.scheme is Scheme.STRATIFIED else 1 + MIN_TRAIN_PER_CLASS
    return min(mutants, len(own) - mutants) >= least


def _repetition(
    number: int, labels: Mapping[str, bool], settings: LearningSettings, sequences: Collection[Collection[str]]
) -> Iterator[Fold]:
    """Return the first folds on which all sequences can be trained, or else those on which most can be."""
    best, most = None, -1
    for draw in range(DRAWS):
        seed = _seed(settings.seed, number, draw)
        drawn = make_folds(labels, settings.scheme, settings.folds, seed, settings.min_mutants)
        trained = sum(_possible(drawn, {p: labels[p] for p in own}) for own in sequences)
        if trained > most:
            best, most = drawn, trained
        if most == len(sequences):
            break
    for fold in best or ():
        yield replace(fold, number=number * settings.folds + fold.number, repetition=number)


def _seed(seed: int, repetition: int, draw: int) -> int:
    """Return the seed of a draw; the first one has the seed itself, as a single cross-validation."""
    if repetition == draw == 0:
        return seed
    return int(np.random.SeedSequence([seed, repetition, draw]).generate_state(1)[0])


def _possible(folds: Sequence[Fold], labels: Mapping[str, bool]) -> bool:
    try:
        restrict(folds, labels)
    except RunRefusedError:
        return False
    return True


def stratified_folds(labels: Mapping[str, bool], count: int, seed: int, min_mutants: int = 0) -> list[Fold]:
    """Split patients into `count` disjoint folds with both classes spread evenly.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class has fewer patients than there are folds, or if there are too few mutants for
        `min_mutants` in each fold.
    """
    patients, mutant = _arrays(labels)
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
            f"{count * min_mutants} mutants, there are {mutants}; at most {mutants // count} per fold are possible",
        )
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return [_fold(number, patients, test) for number, (_, test) in enumerate(splitter.split(patients, mutant))]


def repeated_splits(
    labels: Mapping[str, bool], count: int, seed: int, min_mutants: int = PAPER_MIN_MUTANTS
) -> list[Fold]:
    """Draw random 80:20 splits in which each test set has enough mutants; a patient may be held out several times.

    Redrawing until there are enough mutants would give their number a hypergeometric distribution truncated below the
    minimum. The number is drawn from that distribution directly, and then the patients.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if no split has enough mutants and leaves two patients of each class to learn from.
    """
    patients, mutant = _arrays(labels)
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
        drawn = int(rng.choice(counts, p=chances / chances.sum()))
        parts = ((np.flatnonzero(mutant), drawn), (np.flatnonzero(~mutant), size - drawn))
        test = np.concatenate([rng.choice(places, n, replace=False) for places, n in parts])
        folds.append(_fold(number, patients, np.sort(test)))
    return folds


def _arrays(labels: Mapping[str, bool]) -> tuple[Patients, NDArray[np.bool_]]:
    return np.array(list(labels)), np.array(list(labels.values()), dtype=bool)


def _fold(number: int, patients: Patients, test: NDArray[np.int64]) -> Fold:
    train = np.delete(patients, test)
    return Fold(number, tuple(map(str, train)), tuple(map(str, patients[test])))


def mutants_held_out(folds: Sequence[Fold], labels: Mapping[str, bool]) -> list[int]:
    """Return the number of mutants in each test set."""
    return [sum(labels[patient] for patient in fold.test) for fold in folds]


def restrict(folds: Sequence[Fold], labels: Mapping[str, bool]) -> list[Fold]:
    """Keep the patients who have a label here, and check that every fold still has both classes in both parts.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` with the numbers of the first fold that lacks a class.
    """
    restricted = [
        replace(
            fold,
            train=tuple(p for p in fold.train if p in labels),
            test=tuple(p for p in fold.test if p in labels),
        )
        for fold in folds
    ]
    for fold in restricted:
        _check("held out", fold.number, [labels[p] for p in fold.test], 1)
        _check("training", fold.number, [labels[p] for p in fold.train], MIN_TRAIN_PER_CLASS)
    return restricted


def _check(part: str, number: int, mutant: Sequence[bool], needed: int) -> None:
    mutants = sum(mutant)
    if min(mutants, len(mutant) - mutants) < needed:
        raise RunRefusedError(
            Code.E_FOLD_DEGENERATE,
            f"fold {number}: {mutants} mutants among {len(mutant)} {part}; {needed} of each class needed",
        )
