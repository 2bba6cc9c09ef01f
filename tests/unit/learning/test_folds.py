"""Folds are patient-disjoint and stratified, or refused with the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import restrict, stratified_folds


def cohort(wildtype: int, mutant: int) -> dict[str, bool]:
    return {f"p{number:03d}": number < mutant for number in range(wildtype + mutant)}


@given(st.integers(5, 120), st.integers(5, 40), st.integers(0, 2**16))
def test_every_patient_is_held_out_once_and_never_in_both_parts(wildtype: int, mutant: int, seed: int) -> None:
    labels = cohort(wildtype, mutant)
    folds = stratified_folds(labels, 5, seed)
    held_out = [patient for fold in folds for patient in fold.test]
    assert sorted(held_out) == sorted(labels)
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert sum(labels[p] for p in fold.test) in (mutant // 5, -(-mutant // 5))


def test_the_papers_cohort_gives_three_or_four_mutants_a_fold() -> None:
    labels = cohort(83, 17)
    assert sorted(sum(labels[p] for p in f.test) for f in stratified_folds(labels, 5, 1)) == [3, 3, 3, 4, 4]


def test_t03_too_few_mutants_are_refused_with_the_arithmetic() -> None:
    with pytest.raises(RunRefusedError, match="5 folds need 5 patients of each class; the rarer class has 4 of 24"):
        stratified_folds(cohort(20, 4), 5, 1)


def test_t03_a_sequence_that_leaves_a_fold_without_mutants_is_refused() -> None:
    labels = cohort(20, 5)
    folds = stratified_folds(labels, 5, 1)
    missing_one = {p: m for p, m in labels.items() if p != "p000"}
    with pytest.raises(RunRefusedError, match="0 mutants among"):
        restrict(folds, missing_one)
