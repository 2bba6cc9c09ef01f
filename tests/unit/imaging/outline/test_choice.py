"""Which segments make up the tumour: parts together, other structures never, anything uncertain is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.dicom.structure_role import StructureRole as Role
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.choice import choose_tumour
from idh_tasks.imaging.outline.refusals import NoTumourError


def chosen(*roles: Role, empty: tuple[Role, ...] = ()) -> list[int]:
    """Choose among segments with these roles, followed by empty ones."""
    return choose_tumour(dict(enumerate((*roles, *empty), start=1)), range(1, len(roles) + 1), "segments")


def refusal(*roles: Role) -> str:
    with pytest.raises(StudyQuarantinedError) as caught:
        chosen(*roles)
    assert caught.value.code == "E_ROI"
    return caught.value.reason


def test_parts_are_united_and_other_structures_are_left_out() -> None:
    assert chosen(Role.OTHER, Role.ENHANCING, Role.NECROSIS, Role.OEDEMA, Role.OTHER) == [2, 3, 4]
    assert chosen(Role.TUMOUR, Role.OEDEMA, Role.UNNAMED, Role.DERIVED, Role.UNKNOWN) == [1, 2]
    assert chosen(Role.T2_TUMOUR, Role.ENHANCING) == [1, 2]


@pytest.mark.parametrize("role", [Role.TUMOUR, Role.T2_TUMOUR])
def test_the_only_segment_is_the_tumour_if_it_says_so(role: Role) -> None:
    assert chosen(role) == [1]


@given(st.sampled_from([role for role in Role if role not in (Role.TUMOUR, Role.T2_TUMOUR)]))
def test_the_only_segment_is_never_the_tumour_otherwise(role: Role) -> None:
    assert refusal(role)


@pytest.mark.parametrize("roles", [(Role.UNNAMED, Role.UNNAMED), (Role.OTHER, Role.UNKNOWN), (Role.DERIVED,)])
def test_without_a_named_tumour_nothing_is_guessed(roles: tuple[Role, ...]) -> None:
    with pytest.raises(NoTumourError, match="none of the segments is named"):
        chosen(*roles)


@pytest.mark.parametrize(
    ("roles", "missing"),
    [
        ((Role.OEDEMA,), "solid tumour"),
        ((Role.OTHER, Role.NECROSIS, Role.OEDEMA), "solid tumour"),
        ((Role.T2_ABNORMALITY,), "solid tumour"),
        ((Role.ENHANCING, Role.NECROSIS), "oedema"),
        ((Role.CORE,), "oedema"),
        ((Role.CYST,), "solid tumour and oedema"),
    ],
)
def test_parts_that_are_not_the_whole_tumour_are_refused_with_what_is_missing(
    roles: tuple[Role, ...], missing: str
) -> None:
    assert f"without {missing}; the whole tumour is needed" in refusal(*roles)


def test_a_part_that_was_looked_for_and_not_found_is_not_missing() -> None:
    assert chosen(Role.ENHANCING, Role.NECROSIS, empty=(Role.OEDEMA, Role.TUMOUR)) == [1, 2]


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ((Role.TUMOUR, Role.TUMOUR), "are there several tumours"),
        ((Role.OEDEMA, Role.TUMOUR, Role.OEDEMA), "are there several tumours"),
        ((Role.TUMOUR, Role.POSSIBLE), "not understood"),
        ((Role.OTHER, Role.POSSIBLE), "not understood"),
        ((Role.CONTRADICTORY,), "contradict"),
        ((Role.TUMOUR, Role.CONTRADICTORY), "contradict"),
        ((Role.OEDEMA, Role.UNNAMED), "whether they are parts of the tumour"),
        ((Role.OEDEMA, Role.CORE, Role.UNKNOWN), "whether they are parts of the tumour"),
        ((Role.NECROSIS, Role.DERIVED), "whether they are parts of the tumour"),
        ((), "mark nothing"),
    ],
)
def test_what_is_uncertain_is_asked(roles: tuple[Role, ...], reason: str) -> None:
    assert reason in refusal(*roles)
