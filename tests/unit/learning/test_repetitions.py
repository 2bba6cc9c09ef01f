"""Repetitions of a cross-validation are numbered on, differ, and can be trained for every sequence."""

import pytest

from idh_tasks.domain.learning import Scheme
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import folds_of, restrict
from idh_tasks.settings import LearningSettings
from tests.unit.learning.test_folds import cohort


@pytest.mark.parametrize("scheme", Scheme)
def test_repetitions_are_numbered_on_and_each_splits_the_patients_anew(scheme: Scheme) -> None:
    labels, settings = cohort(83, 17), LearningSettings(scheme=scheme, repetitions=3)
    folds = folds_of(labels, settings)
    assert [(fold.repetition, fold.number) for fold in folds] == [(n // 5, n) for n in range(15)]
    assert len({frozenset(fold.test) for fold in folds}) == 15
    assert folds[:5] == folds_of(labels, settings.model_copy(update={"repetitions": 1}))
    if scheme is Scheme.STRATIFIED:
        for repetition in range(3):
            held_out = [p for fold in folds if fold.repetition == repetition for p in fold.test]
            assert sorted(held_out) == sorted(labels)


def test_other_seeds_share_no_repetition() -> None:
    labels = cohort(83, 17)
    tests = [fold.test for seed in (1, 2, 3) for fold in folds_of(labels, LearningSettings(seed=seed))]
    assert len(set(tests)) == 45


def test_folds_are_drawn_until_every_sequence_with_enough_patients_can_be_trained() -> None:
    labels, settings = cohort(40, 9), LearningSettings()
    scarce, hopeless = (set(labels) - {f"p{n:03d}" for n in range(without)} for without in (4, 5))
    folds = folds_of(labels, settings, [labels.keys(), scarce, hopeless])
    assert len(restrict(folds, {p: labels[p] for p in scarce})) == 15
    with pytest.raises(RunRefusedError, match="E_FOLD_DEGENERATE"):
        restrict(folds_of(labels, settings), {p: labels[p] for p in scarce})
    with pytest.raises(RunRefusedError, match="E_FOLD_DEGENERATE"):
        restrict(folds, {p: labels[p] for p in hopeless})
