"""Folds are patient-disjoint and stratified, or are refused with the numbers."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idh_tasks.domain.learning import Fold, Scheme
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import (
    folds_of,
    locked_patients,
    make_folds,
    mutants_held_out,
    repeated_splits,
    restrict,
    stratified_folds,
)
from idh_tasks.settings import LearningSettings


def cohort(wildtype: int, mutant: int) -> dict[str, bool]:
    return {f"p{number:03d}": number < mutant for number in range(wildtype + mutant)}


def test_the_locked_set_depends_on_the_pseudonym_alone_and_is_in_no_fold() -> None:
    labels = cohort(830, 170)
    locked = locked_patients(labels, 0.2)
    assert 150 < len(locked) < 250
    assert locked_patients(list(labels)[:100], 0.2) == locked & set(list(labels)[:100])
    assert locked_patients(labels, 0.1) < locked
    folds = folds_of(labels, LearningSettings(locked_share=0.2))
    assert {p for fold in folds for p in (*fold.train, *fold.test)} == set(labels) - locked
    assert locked_patients(labels, 0) == frozenset()


@given(st.integers(5, 120), st.integers(5, 40), st.integers(0, 2**16))
def test_every_patient_is_held_out_once_and_never_in_both_parts(wildtype: int, mutant: int, seed: int) -> None:
    labels = cohort(wildtype, mutant)
    folds = stratified_folds(labels, 5, seed)
    held_out = [patient for fold in folds for patient in fold.test]
    assert sorted(held_out) == sorted(labels)
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert sum(labels[p] for p in fold.test) in (mutant // 5, -(-mutant // 5))


def test_the_papers_cohort_gives_three_or_four_mutants_per_fold() -> None:
    labels = cohort(83, 17)
    assert sorted(sum(labels[p] for p in f.test) for f in stratified_folds(labels, 5, 1)) == [3, 3, 3, 4, 4]


def test_t03_too_few_mutants_are_refused_with_the_numbers() -> None:
    with pytest.raises(RunRefusedError, match="5 folds need 5 patients of each class; the rarer class has 4 of 24"):
        stratified_folds(cohort(20, 4), 5, 1)


def attempt(make: Callable[[], list[Fold]]) -> list[Fold] | RunRefusedError:
    try:
        return make()
    except RunRefusedError as error:
        return error


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 120), st.integers(0, 40), st.integers(0, 8), st.integers(0, 2**16))
def test_random_splits_have_enough_mutants_or_are_refused(
    wildtype: int, mutant: int, min_mutants: int, seed: int
) -> None:
    labels, least = cohort(wildtype, mutant), max(min_mutants, 1)
    held_out = round(0.2 * len(labels))
    folds = attempt(lambda: repeated_splits(labels, 5, seed, min_mutants))
    if isinstance(folds, RunRefusedError):
        assert folds.code == "E_FOLD_DEGENERATE"
        assert mutant - 2 < least or held_out <= least or wildtype - 2 < 1
        return
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert len(fold.test) == held_out
        assert sum(labels[p] for p in fold.test) >= least
        assert {labels[p] for p in fold.train} == {labels[p] for p in fold.test} == {True, False}


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 120), st.integers(0, 40), st.integers(0, 8))
def test_disjoint_folds_have_enough_mutants_or_are_refused(wildtype: int, mutant: int, min_mutants: int) -> None:
    labels = cohort(wildtype, mutant)
    folds = attempt(lambda: make_folds(labels, Scheme.STRATIFIED, 5, 1, min_mutants))
    if isinstance(folds, RunRefusedError):
        assert min(wildtype, mutant) < 5 or mutant < 5 * min_mutants
        assert folds.code == "E_FOLD_DEGENERATE"
    else:
        assert min(wildtype, mutant) >= 5
        assert min(mutants_held_out(folds, labels)) >= min_mutants


def test_random_splits_have_the_distribution_of_splits_redrawn_until_they_have_enough_mutants() -> None:
    labels, rng = cohort(83, 17), np.random.default_rng(1)
    drawn = [m for seed in range(400) for m in mutants_held_out(repeated_splits(labels, 5, seed), labels)]
    redrawn = [int(m) for m in rng.hypergeometric(17, 83, 20, 20_000) if m >= 5]
    assert np.mean(drawn) == pytest.approx(np.mean(redrawn), abs=0.08)


def test_t03_a_sequence_that_leaves_a_fold_without_mutants_is_refused() -> None:
    labels = cohort(20, 5)
    folds = stratified_folds(labels, 5, 1)
    missing_one = {p: m for p, m in labels.items() if p != "p000"}
    with pytest.raises(RunRefusedError, match="0 mutants among"):
        restrict(folds, missing_one)
