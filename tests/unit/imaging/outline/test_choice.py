"""Which segments make up the tumour: parts together, other structures never, anything uncertain is asked."""

import pytest

from idh_tasks.dicom.structure_role import StructureRole as Role
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.choice import choose_tumour
from idh_tasks.imaging.outline.refusals import NoTumourError


def chosen(*roles: Role) -> list[int]:
    return choose_tumour(dict(enumerate(roles, start=1)), "segments")


def test_parts_are_united_and_other_structures_are_left_out() -> None:
    assert chosen(Role.OTHER, Role.ENHANCING, Role.NECROSIS, Role.OEDEMA, Role.OTHER) == [2, 3, 4]
    assert chosen(Role.TUMOUR, Role.OEDEMA, Role.UNNAMED, Role.DERIVED) == [1, 2]


def test_the_only_segment_is_the_tumour_unless_its_name_says_otherwise() -> None:
    assert chosen(Role.UNNAMED) == chosen(Role.POSSIBLE) == chosen(Role.TUMOUR) == [1]
    for role in (Role.OTHER, Role.DERIVED):
        with pytest.raises(NoTumourError, match=r"segments is named as a tumour \(1 found\)"):
            chosen(role)


@pytest.mark.parametrize("roles", [(Role.UNNAMED, Role.UNNAMED), (Role.OTHER, Role.UNNAMED), ()])
def test_without_a_named_tumour_nothing_is_guessed(roles: tuple[Role, ...]) -> None:
    with pytest.raises(NoTumourError, match="none of the delivered segments is named"):
        chosen(*roles)


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
        ((Role.NECROSIS, Role.DERIVED), "whether they are parts of the tumour"),
    ],
)
def test_what_is_uncertain_is_asked(roles: tuple[Role, ...], reason: str) -> None:
    with pytest.raises(StudyQuarantinedError, match=reason) as caught:
        chosen(*roles)
    assert caught.value.code == "E_ROI"
