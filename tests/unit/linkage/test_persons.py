"""Merged patients are one person, whatever the order in which the merges are told."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.study import PatientKey
from idh_tasks.linkage.persons import who_is_who

K = PatientKey


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
def test_chains_end_at_the_survivor_and_rings_at_the_smallest_key(
    merges: list[tuple[str, str]], persons: dict[str, str]
) -> None:
    assert who_is_who([(K(a), K(b)) for a, b in merges]) == persons


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), st.randoms())
def test_l01_connected_patients_are_one_person_in_any_order(onward: dict[str, str], rng: random.Random) -> None:
    merges = [(K(a), K(b)) for a, b in onward.items() if a != b]
    found = who_is_who(merges)
    rng.shuffle(merges)
    assert who_is_who(merges) == found
    for prior, surviving in merges:
        assert found.get(prior, prior) == found.get(surviving, surviving)
    assert not set(found.values()) & set(found)
