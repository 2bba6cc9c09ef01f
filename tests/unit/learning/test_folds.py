"""Folds are patient-disjoint and stratified, or are refused with the numbers."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from idh_tasks.domain.learning import Fold, Scheme
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import (
    folds_of,
    make_folds,
    mutants_held_out,
    repeated_splits,
    restrict,
    stratified_folds,
)
from idh_tasks.settings import LearningSettings


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


def numbers(error: pytest.ExceptionInfo[RunRefusedError]) -> list[int]:
    """Return the numbers in the message of a refusal, in order."""
    assert error.value.code == "E_FOLD_DEGENERATE"
    return [int(number) for number in re.findall(r"\d+", str(error.value))]


def test_a_floor_that_disjoint_folds_cannot_meet_is_refused_with_the_numbers() -> None:
    with pytest.raises(RunRefusedError) as refused:
        stratified_folds(cohort(83, 17), 5, 1, min_mutants=4)
    assert numbers(refused) == [5, 4, 5, 4, 20, 17, 3]
    assert len(stratified_folds(cohort(80, 20), 5, 1, min_mutants=4)) == 5


def test_a_class_smaller_than_the_number_of_folds_is_refused() -> None:
    for labels in (cohort(20, 4), cohort(4, 20)):
        with pytest.raises(RunRefusedError) as refused:
            stratified_folds(labels, 5, 1)
        assert numbers(refused) == [5, 5, 4, 24]
    assert len(stratified_folds(cohort(5, 5), 5, 1)) == 5


@pytest.mark.parametrize("split", [stratified_folds, repeated_splits])
def test_folds_are_numbered_and_train_on_every_patient_they_do_not_hold_out(
    split: Callable[[dict[str, bool], int, int], list[Fold]],
) -> None:
    labels = cohort(83, 17)
    folds = split(labels, 6, 1)
    assert [fold.number for fold in folds] == [0, 1, 2, 3, 4, 5]
    for fold in folds:
        assert list(fold.test) == sorted(set(fold.test))
        assert list(fold.train) == sorted(set(labels) - set(fold.test))
        assert all(type(patient) is str for patient in (*fold.train, *fold.test))


@pytest.mark.parametrize("split", [stratified_folds, repeated_splits])
def test_folds_depend_on_the_seed_and_on_the_order_of_the_patients(
    split: Callable[[dict[str, bool], int, int], list[Fold]],
) -> None:
    """The order follows from the images (tests of partition.py), so that the patients' names decide nothing."""
    labels = cohort(83, 17)
    other_names = {f"q{-int(patient[1:])}": mutant for patient, mutant in labels.items()}
    same = dict(zip(labels, other_names, strict=True))
    folds = split(labels, 5, 1)
    assert [tuple(same[p] for p in fold.test) for fold in folds] == [f.test for f in split(other_names, 5, 1)]
    assert folds != split(labels, 5, 2)


def test_stratified_folds_are_shuffled() -> None:
    first = stratified_folds(cohort(80, 20), 5, 1)[0].test
    assert list(first) != [f"p{number:03d}" for number in (*range(4), *range(20, 36))]


def test_the_papers_floor_holds_for_random_splits_and_none_for_stratified_folds() -> None:
    labels, few = cohort(83, 17), cohort(83, 6)
    assert make_folds(labels, Scheme.STRATIFIED, 5, 1) == stratified_folds(labels, 5, 1)
    assert make_folds(labels, Scheme.REPEATED, 7, 1) == repeated_splits(labels, 7, 1)
    assert len(make_folds(few, Scheme.STRATIFIED, 5, 1)) == 5
    with pytest.raises(RunRefusedError):
        make_folds(few, Scheme.REPEATED, 5, 1)
    with pytest.raises(RunRefusedError):
        repeated_splits(few, 5, 1)


def test_an_explicit_floor_replaces_the_papers() -> None:
    few = cohort(83, 6)
    assert min(mutants_held_out(make_folds(few, Scheme.REPEATED, 50, 1, 0), few)) == 1
    assert min(mutants_held_out(make_folds(few, Scheme.REPEATED, 50, 1, 2), few)) == 2


def test_the_folds_of_a_cohort_follow_its_settings() -> None:
    labels = cohort(83, 17)
    for scheme, count, seed, floor in (
        (Scheme.STRATIFIED, 4, 7, None),
        (Scheme.STRATIFIED, 3, 8, 5),
        (Scheme.REPEATED, 6, 9, None),
        (Scheme.REPEATED, 6, 9, 2),
    ):
        chosen = LearningSettings(scheme=scheme, folds=count, seed=seed, min_mutants=floor, repetitions=1)
        assert folds_of(labels, chosen) == make_folds(labels, scheme, count, seed, floor)
    with pytest.raises(RunRefusedError):
        folds_of(labels, LearningSettings(folds=5, min_mutants=4))


def feasible(wildtype: int, mutant: int, floor: int) -> list[int]:
    """Return every number of held-out mutants that leaves enough of each class in both parts, by brute force."""
    held_out = round(0.2 * (wildtype + mutant))
    return [
        m
        for m in range(max(floor, 1), held_out)
        if mutant - m >= 2 and held_out - m >= 1 and wildtype - (held_out - m) >= 2
    ]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 60), st.integers(0, 20), st.integers(0, 8))
def test_random_splits_are_refused_only_if_none_is_possible(wildtype: int, mutant: int, floor: int) -> None:
    possible = feasible(wildtype, mutant, floor)
    found = attempt(lambda: repeated_splits(cohort(wildtype, mutant), 5, 1, floor))
    assert isinstance(found, RunRefusedError) == (not possible)


@pytest.mark.parametrize(("wildtype", "mutant", "floor"), [(8, 7, 0), (3, 12, 0), (20, 5, 1), (12, 8, 2), (83, 7, 5)])
def test_random_splits_cover_every_possible_number_of_mutants(wildtype: int, mutant: int, floor: int) -> None:
    labels = cohort(wildtype, mutant)
    drawn = mutants_held_out(repeated_splits(labels, 300, 1, floor), labels)
    assert sorted(set(drawn)) == feasible(wildtype, mutant, floor)


def test_the_number_of_mutants_follows_the_truncated_hypergeometric_distribution() -> None:
    labels = cohort(20, 10)
    drawn = mutants_held_out(repeated_splits(labels, 4000, 1, 2), labels)
    chances = hypergeom.pmf(np.arange(2, 6), 30, 10, 6)
    shares = [drawn.count(number) / len(drawn) for number in range(2, 6)]
    np.testing.assert_allclose(shares, chances / chances.sum(), atol=0.03)


def test_random_splits_hold_out_all_patients_of_a_class_equally_often() -> None:
    labels = cohort(20, 10)
    folds = repeated_splits(labels, 3000, 1, 2)
    times = {patient: sum(patient in fold.test for fold in folds) for patient in labels}
    for mutant in (True, False):
        counts = [times[patient] for patient in labels if labels[patient] is mutant]
        assert max(counts) < 1.2 * min(counts)


def test_a_cohort_too_small_for_random_splits_is_refused_with_the_numbers() -> None:
    with pytest.raises(RunRefusedError) as refused:
        repeated_splits(cohort(83, 6), 5, 1, 5)
    assert numbers(refused) == [18, 89, 5, 2, 6, 83]
    with pytest.raises(RunRefusedError) as refused:
        repeated_splits(cohort(9, 2), 5, 1, 0)
    assert numbers(refused) == [2, 11, 1, 2, 2, 9]


def test_a_sequence_that_some_patients_lack_keeps_the_folds_of_the_other_patients() -> None:
    labels = cohort(20, 10)
    folds = stratified_folds(labels, 5, 1)
    kept = {patient: mutant for patient, mutant in labels.items() if patient not in ("p000", "p029")}
    folds = [replace(fold, repetition=2) for fold in folds]
    restricted = restrict(folds, kept)
    assert [(fold.number, fold.repetition) for fold in restricted] == [(number, 2) for number in range(5)]
    for before, after in zip(folds, restricted, strict=True):
        assert after.train == tuple(p for p in before.train if p in kept)
        assert after.test == tuple(p for p in before.test if p in kept)


@pytest.mark.parametrize(
    ("train", "test", "stated"),
    [
        ("MMWW", "MW", None),
        ("MMWW", "MM", [3, 2, 2, 1]),
        ("MMWW", "WWW", [3, 0, 3, 1]),
        ("MMMW", "MW", [3, 3, 4, 2]),
        ("MWWW", "MW", [3, 1, 4, 2]),
    ],
)
def test_t03_both_parts_of_a_fold_need_both_classes(train: str, test: str, stated: list[int] | None) -> None:
    labels = {f"p{place}": kind == "M" for place, kind in enumerate(train + test)}
    patients = tuple(labels)
    fold = Fold(3, patients[: len(train)], patients[len(train) :])
    if stated is None:
        assert restrict([fold], labels) == [fold]
        return
    with pytest.raises(RunRefusedError) as refused:
        restrict([fold], labels)
    assert numbers(refused) == stated
    assert re.search(r"\bheld out\b" if stated[-1] == 1 else r"\btraining\b", str(refused.value))


def test_held_out_mutants_are_counted_per_fold() -> None:
    folds = [Fold(0, (), ("a", "b", "c")), Fold(1, (), ("d",)), Fold(2, (), ())]
    assert mutants_held_out(folds, {"a": True, "b": False, "c": True, "d": False}) == [2, 0, 0]
