"""Merged patients are one person, in whatever order the merges are given."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.pathology import Merge
from idh_tasks.domain.study import PatientKey
from idh_tasks.linkage.persons import resolve_persons


def merge(prior: str, surviving: str) -> Merge:
    return Merge(PatientKey(prior), PatientKey(surviving))


@pytest.mark.parametrize(
    ("merges", "persons"),
    [
        ([], {}),
        ([("b", "a")], {"b": "a"}),
        ([("c", "b"), ("b", "a")], {"c": "a", "b": "a"}),
        ([("a", "b"), ("b", "a")], {"b": "a"}),
        ([("d", "b"), ("b", "c"), ("c", "b")], {"d": "b", "c": "b"}),
    ],
)
def test_a_chain_ends_at_its_survivor_and_a_ring_at_the_smallest_key(
    merges: list[tuple[str, str]], persons: dict[str, str]
) -> None:
    assert resolve_persons([merge(*pair) for pair in merges]) == persons


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), st.randoms())
def test_l01_connected_patients_are_one_person_in_any_order(survivors: dict[str, str], rng: random.Random) -> None:
    merges = [merge(prior, surviving) for prior, surviving in survivors.items() if prior != surviving]
    persons = resolve_persons(merges)
    rng.shuffle(merges)
    assert resolve_persons(merges) == persons
    for one in merges:
        assert persons.get(one.prior_key, one.prior_key) == persons.get(one.surviving_key, one.surviving_key)
    assert not set(persons.values()) & set(persons)
