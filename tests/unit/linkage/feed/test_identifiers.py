"""Which identifier of a patient is the medical record number."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.linkage.feed.identifiers import ELIGIBLE, Identifier, IdentifierChoiceError, choose_identifier

RECORD = Identifier("0012", "H", "MR", ("H", "1.2.3"))
SOCIAL_SECURITY = Identifier("999-11-2222", "USSSA", "SS", ("USSSA",))
NATIONAL = Identifier("943 476 5919", "NHS", "NH", ("NHS",))


@pytest.mark.parametrize(
    "others",
    [
        [SOCIAL_SECURITY],
        [NATIONAL, SOCIAL_SECURITY],
        [Identifier("0011", "H", "MR", current=False)],
        [Identifier("", "H", "MR")],
        [Identifier("77", "X", "PI"), Identifier("5", "Y")],
        [RECORD],
    ],
)
def test_the_current_medical_record_number_is_chosen_in_any_order(others: list[Identifier]) -> None:
    assert {choose_identifier(order) for order in permutations([RECORD, *others])} == {RECORD}


@pytest.mark.parametrize(
    "candidates",
    [
        [],
        [SOCIAL_SECURITY],
        [Identifier("0012", "H", "MR", current=False)],
        [RECORD, Identifier("0013", "H", "MR")],
        [RECORD, Identifier("0012", "H2", "MR")],
        [Identifier("5", "Y"), Identifier("6", "Y")],
        [Identifier("0012", "H", "MRT")],
    ],
)
def test_none_or_several_are_refused_without_a_value_in_the_text(candidates: list[Identifier]) -> None:
    with pytest.raises(IdentifierChoiceError) as refused:
        choose_identifier(candidates)
    assert not any(c.value in str(refused.value) for c in candidates if c.value)


def test_an_identifier_without_a_type_is_accepted_if_it_is_the_only_one() -> None:
    untyped = Identifier("0012", "H")
    assert choose_identifier([untyped, SOCIAL_SECURITY]) == untyped


def test_configured_authorities_decide_between_hospitals_and_name_the_issuer() -> None:
    other = Identifier("77", "H2", "MR", ("H2",))
    assert choose_identifier([other, RECORD], ("H",)) == RECORD
    by_id = choose_identifier([other, RECORD], ("1.2.3",))
    assert (by_id.issuer, by_id.value) == ("1.2.3", "0012")
    with pytest.raises(IdentifierChoiceError, match="accepted authority"):
        choose_identifier([RECORD], ("H3",))


@given(
    st.lists(
        st.builds(
            Identifier,
            st.sampled_from(("0012", "0013", "")),
            st.sampled_from(("H", "H2", "")),
            st.sampled_from((*ELIGIBLE, "SS", "NI", "AN")),
            current=st.booleans(),
        ),
        max_size=5,
    )
)
def test_what_is_chosen_does_not_depend_on_the_order(candidates: list[Identifier]) -> None:
    def chosen(order: list[Identifier]) -> Identifier | None:
        try:
            return choose_identifier(order)
        except IdentifierChoiceError:
            return None

    result = chosen(candidates)
    assert chosen(candidates[::-1]) == result
    assert result is None or (result in candidates and result.current and result.kind in ELIGIBLE)
