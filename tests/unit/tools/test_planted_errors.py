"""Errors that are planted in a study are refused, asked about, flagged or repaired; `make planted` tries many."""

import numpy as np
import pytest

from tools.planted import geometry, right
from tools.planted.case import Case, Kind, Outcome, Verdict, judge
from tools.planted.study import study
from tools.planted_errors import KINDS, Planted, planted, right_studies, table

GROUPS = {"geometry", "order", "scale", "coverage", "patient"}
QUICK = {
    "shear",
    "gap",
    "numbers tied",
    "nothing stated",
    "map among b values",
    "no number",
    "colour",
    "b values counted",
}
"""Each group has kinds that take a fraction of a second; the others take a registration, an outline or a patch."""
SERIES = {"image", "perfusion series"}


def named(names: set[str], kinds: tuple[Kind, ...]) -> list[Kind]:
    found = [kind for kind in kinds if kind.name in names]
    assert {kind.name for kind in found} == names
    return found


def verdict(kind: Kind) -> Verdict:
    return judge(kind.plant(study(0), np.random.default_rng(0)))


@pytest.mark.parametrize("kind", named(QUICK, KINDS), ids=lambda kind: kind.name)
def test_an_error_is_caught(kind: Kind) -> None:
    assert verdict(kind).outcome is not Outcome.MISSED


@pytest.mark.parametrize("kind", named(SERIES, right.KINDS), ids=lambda kind: kind.name)
def test_a_right_series_is_used(kind: Kind) -> None:
    assert verdict(kind) == Verdict(Outcome.REPAIRED)


def test_a_wrong_result_is_a_miss() -> None:
    assert judge(Case(read=lambda: 1, is_right=lambda found: found == 2)).outcome is Outcome.MISSED


def test_a_wrong_result_with_a_flag_of_its_own_is_caught() -> None:
    case = Case(read=lambda: 1, is_right=lambda _: False, flags=lambda _: {"W_DWI_MOTION"})
    assert judge(case) == Verdict(Outcome.FLAGGED, "W_DWI_MOTION")


def test_an_unforeseen_error_counts_as_refused() -> None:
    def read() -> None:
        raise IndexError

    assert judge(Case(read, is_right=lambda _: True)) == Verdict(Outcome.REFUSED, "E_PREPROC")


def test_errors_are_drawn_equally_from_all_groups_and_each_has_a_name() -> None:
    errors = planted(500)
    assert {group: sum(one.kind.group == group for one in errors) for group in GROUPS} == dict.fromkeys(GROUPS, 100)
    assert {one.kind for one in errors} == set(KINDS)
    assert len({one.name for one in errors}) == 500
    assert len(right_studies(500)) == 100


def test_another_first_number_draws_other_errors() -> None:
    assert not {one.name for one in planted(100)} & {one.name for one in planted(100, first=1000)}


def test_the_table_counts_what_became_of_each_kind() -> None:
    kind = geometry.KINDS[0]
    judged = [
        (Planted(kind, 0), Verdict(Outcome.REFUSED, "E_GEOMETRY_SHEAR")),
        (Planted(kind, 1), Verdict(Outcome.MISSED)),
    ]
    _, line = table(judged)
    assert line.split() == ["geometry", "shear", "2", "1", "0", "0", "0", "1", "E_GEOMETRY_SHEAR", "1"]
