"""Folds, locked set and networks follow from images and seed; pseudonyms decide nothing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256

import numpy as np
import pytest
from numpy.typing import NDArray

from idh_tasks.domain.learning import FINAL, Member, Partition, contents_of, labels_of
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import FoldOutcome, TrainingData
from idh_tasks.learning.folds import restrict
from idh_tasks.learning.partition import partition
from idh_tasks.settings import LearningSettings

SEQUENCES = (MrSequence.T1, MrSequence.RCBV)
KEYS = ("a pseudonym key of one hospital, long enough", "that of another hospital, which has the same images")
LOCKED = LearningSettings(locked_share=0.2)


def image(number: int, sequence: MrSequence) -> NDArray[np.float32]:
    rng = np.random.default_rng([number, SEQUENCES.index(sequence)])
    return rng.standard_normal((64, 64)).astype(np.float32)


def hash_of(patch: NDArray[np.float32]) -> str:
    return sha256(patch.tobytes()).hexdigest()


def pseudonyms(key: str, patients: int) -> list[str]:
    return [Pseudonymiser(key).patient("H", f"{number}") for number in range(patients)]


def dataset(key: str, patients: int, mutants: int) -> list[Member]:
    """Return the members of an installation in the order in which its database returns them."""
    members = [
        Member(
            patient,
            s,
            f"{number}",
            f"{number}",
            hash_of(image(number, s)),
            number < mutants,
            "r",
            1,
        )
        for number, patient in enumerate(pseudonyms(key, patients))
        for s in SEQUENCES
        if (number + 1) % 5 or s is MrSequence.RCBV
    ]
    return sorted(members, key=lambda member: (member.sequence, member.patient_key))


def numbered(split: Partition, key: str, patients: int) -> tuple[list[tuple[list[int], list[int]]], set[int]]:
    """Return folds and locked set with the hospital's numbers of the patients in place of pseudonyms."""
    number = {patient: n for n, patient in enumerate(pseudonyms(key, patients))}
    folds = [([number[p] for p in fold.train], [number[p] for p in fold.test]) for fold in split.folds]
    return folds, {number[p] for p in split.locked}


def test_two_installations_with_the_same_images_have_the_same_folds_and_the_same_locked_set() -> None:
    one, other = (numbered(partition(dataset(key, 200, 60), LOCKED, {}), key, 200) for key in KEYS)
    assert one == other
    assert len(one[0]) == 15
    assert 20 < len(one[1]) < 60
    seed = LOCKED.model_copy(update={"seed": 1})
    changed = numbered(partition(dataset(KEYS[0], 200, 60), seed, {}), KEYS[0], 200)
    assert changed[1] == one[1]
    assert changed[0] != one[0]


def test_the_order_of_patients_is_that_of_their_images() -> None:
    members = dataset(KEYS[0], 50, 10)
    assert list(labels_of(members)) == list(labels_of(members[::-1])) != sorted(labels_of(members))
    assert contents_of(members) == contents_of(members[::-1])
    assert len(set(contents_of(members).values())) == 50


def test_a_locked_patient_is_in_no_fold() -> None:
    split = partition(dataset(KEYS[0], 200, 60), LOCKED, {})
    used = {p for fold in split.folds for p in (*fold.train, *fold.test)}
    assert used == set(pseudonyms(KEYS[0], 200)) - split.locked


def test_who_is_locked_is_decided_once_even_if_their_images_change() -> None:
    members = dataset(KEYS[0], 200, 60)
    before = partition(members, LOCKED, {}).locked
    decided = {patient: patient in before for patient in labels_of(members)}
    again = [replace(member, sha256=f"cut again {member.sha256}") for member in members]
    assert partition(again, LOCKED, {}).locked != before
    assert partition(again, LOCKED, decided).locked == before
    more = partition(dataset(KEYS[0], 300, 60), LOCKED, decided).locked
    assert more & labels_of(members).keys() == before < more


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_the_locked_set_has_its_share_of_the_patients(share: float) -> None:
    locked = partition(dataset(KEYS[0], 400, 200), LearningSettings(locked_share=share), {}).locked
    assert len(locked) == pytest.approx(400 * share, abs=40)
    assert share or not locked


SHORT = LearningSettings(epochs=2, folds=2, repetitions=2, locked_share=0.2, filters=(4,), dense=(16,))
"""A small network: how large it is does not matter to what it follows from."""


@cache
def trained(key: str, count: int | None = None) -> list[FoldOutcome]:
    """Train what an installation trains of RCBV: all folds or the first ones, and the final network."""
    members = dataset(key, 20, 10)
    split = partition(members, SHORT, {})
    own = [member for member in members if member.sequence is MrSequence.RCBV]
    images = {m.patient_key: image(int(m.object_key), m.sequence) for m in own}
    labels = labels_of(own)
    folds = restrict(split.folds, labels)[:count]
    return cross_validate(TrainingData(images, labels, folds, split.locked), SHORT)


def probabilities(outcomes: Sequence[FoldOutcome], key: str) -> list[dict[int, float]]:
    number = {patient: n for n, patient in enumerate(pseudonyms(key, 20))}
    return [{number[s.patient_key]: s.probability_mutant for s in outcome.scores} for outcome in outcomes]


@pytest.mark.usefixtures("in_one_process")
def test_two_installations_with_the_same_images_train_the_same_networks() -> None:
    one, other = probabilities(trained(KEYS[0]), KEYS[0]), probabilities(trained(KEYS[1], 1), KEYS[1])
    assert [one[0], one[-1]] == other
    assert all(len(set(scores.values())) == len(scores) > 2 for scores in other)


@pytest.mark.usefixtures("in_one_process")
def test_every_network_of_a_run_starts_from_other_weights_and_knows_its_repetition() -> None:
    outcomes = trained(KEYS[0])
    assert [(o.number, o.repetition) for o in outcomes] == [(0, 0), (1, 0), (2, 1), (3, 1), (FINAL, 0)]
    assert all(score.repetition == o.repetition for o in outcomes for score in o.scores)
    scores = probabilities(outcomes, KEYS[0])
    first, second = scores[0] | scores[1], scores[2] | scores[3]
    assert first.keys() == second.keys()
    assert all(first[patient] != second[patient] for patient in first)
