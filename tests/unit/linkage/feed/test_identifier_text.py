"""An identifier is read literally; what a spreadsheet or an export has made of one is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.linkage.feed.identifier_text import read_identifier

PLAIN = st.from_regex(r"[A-Z]{1,3}[0-9]{1,9}|[1-9][0-9]{1,13}|0[0-9]{1,6}[1-9]|[0-9]{2}/[0-9]{4,7}", fullmatch=True)
INVISIBLE = ["\xa0", "\u200b", "\u200e", "\u2060", "\ufeff", "\xad", "\t", "\n", "\x00", "\x1f", "\u2028", "\u3000"]


@given(PLAIN)
def test_a_plain_identifier_is_read_as_it_was_written(identifier: str) -> None:
    assert read_identifier(identifier) == read_identifier(f" {identifier} ") == identifier


@pytest.mark.parametrize("value", [4711, Decimal(4711), "4711"])
def test_a_whole_number_of_a_database_is_an_identifier(value: object) -> None:
    assert read_identifier(value) == "4711"


@pytest.mark.parametrize(
    "value", ["18E1234", "2018.4711", "O'Brien", "12-345", "A 12", "12-10-56", "Müller-7", "1.2.276.0.76"]
)
def test_what_only_resembles_a_ruined_identifier_is_read(value: str) -> None:
    assert read_identifier(value) == value


@given(st.integers(10**10, 10**18), st.sampled_from([".3E", ".5E", ".5e", ".0E"]))
def test_scientific_notation_is_refused(number: int, form: str) -> None:
    with pytest.raises(ValueError, match="scientific"):
        read_identifier(f"{number:{form.lower()}}".replace(".", "," if form.isupper() else "."))


@given(PLAIN, st.sampled_from(INVISIBLE), st.integers(0, 14))
def test_an_invisible_character_is_refused(identifier: str, character: str, place: int) -> None:
    with pytest.raises(ValueError, match="invisible"):
        read_identifier(identifier[:place] + character + identifier[place:])


@given(PLAIN, st.sampled_from("=+@#'\"´`‘’“„-"))
def test_a_sign_before_an_identifier_is_refused(identifier: str, sign: str) -> None:
    with pytest.raises(ValueError, match="is a"):
        read_identifier(sign + identifier)


@pytest.mark.parametrize(
    "value",
    ['="0012"', '="0012', "4711.0", "4711,00", "1,234,567", "12'345", "#REF!", "#########", "03.12.1958",
     "03-12-1958", "03/12/58", "1958-03-12",
     "1958-03-12 00:00:00", "12-Mar", "Mrz 18", "3. Mär", "NULL", "n/a", "unknown", "Unbekannt", "0", "000", "-", "?",
     "123456789012345000", "1234567890123450000000", "٠٠١٢", "００１２", "РАТ12", "", " ", None, True, 12.5, 4711.0,
     float("nan"), Decimal("4711.00"), b"0012"],
)  # fmt: skip
def test_a_ruined_or_missing_identifier_is_refused_without_quoting_it(value: object) -> None:
    with pytest.raises(ValueError, match=r"is|contains") as caught:
        read_identifier(value)
    assert not str(value).strip(" -?0") or str(value) not in str(caught.value)
