"""Pseudonyms are stable and keyed, and intervals between dates are preserved."""

import hashlib
import hmac
from datetime import date, timedelta

import pytest
from pydicom.uid import UID

from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.deidentification.pseudonym import MAX_SHIFT_DAYS, Pseudonymiser, normalise_identifier
from idh_tasks.settings import IdentifierRule

SECRET = "s" * 32


def test_a_patient_has_one_key_however_the_identifier_is_written() -> None:
    one = Pseudonymiser(SECRET)
    assert one.patient("Hospital", " mrn1 ") == one.patient("HOSPITAL", "MRN1")


def test_two_issuers_are_two_patients() -> None:
    one = Pseudonymiser(SECRET)
    assert one.patient("A", "1") != one.patient("B", "1")


def test_l04_leading_zeros_are_significant_by_default() -> None:
    one = Pseudonymiser(SECRET)
    assert one.patient("A", "0012") != one.patient("A", "12")


def test_another_secret_gives_another_key() -> None:
    assert Pseudonymiser(SECRET).patient("A", "1") != Pseudonymiser("t" * 32).patient("A", "1")


def test_intervals_between_dates_are_preserved_but_dates_are_not() -> None:
    one, patient, day = Pseudonymiser(SECRET), PatientKey("p"), date(2018, 5, 1)
    shifted = one.shifted(patient, day)
    assert shifted < day
    assert one.shifted(patient, day + timedelta(days=9)) - shifted == timedelta(days=9)


def test_a_uid_is_replaced_by_a_valid_one() -> None:
    uid = Pseudonymiser(SECRET).uid("1.2.3")
    assert uid.startswith("2.25.")
    assert len(uid) <= 64
    assert UID(uid).is_valid


@pytest.mark.parametrize("secret", ["", "short"])
def test_h11_without_a_valid_key_nothing_starts(secret: str) -> None:
    with pytest.raises(RunRefusedError) as caught:
        Pseudonymiser(secret)
    assert caught.value.code == "E_KEY"


@pytest.mark.parametrize("length", [31, 32])
def test_h11_a_key_has_at_least_32_characters(length: int) -> None:
    if length < 32:
        with pytest.raises(RunRefusedError, match=r"^E_KEY: the pseudonym key is missing or too short"):
            Pseudonymiser("s" * length)
    else:
        assert Pseudonymiser("s" * length).patient("A", "1")


def test_pseudonyms_do_not_change_between_releases() -> None:
    """A changed derivation would turn every known patient into a new one."""
    one = Pseudonymiser(SECRET)
    assert one.patient("Hospital", "MRN1") == "8c9ae71b862c60987d54cf89"
    assert one.study("1.2.3") == "38431dd82fe005be7e7e3ed7"
    assert one.series("1.2.3") == "7068b921603de72e63b0afa4"
    assert one.uid("1.2.3") == "2.25.335765410206183039832906112282549546443"
    assert one.shift_days(PatientKey("p")) == 148


def test_tokens_depend_on_their_purpose_and_on_how_the_text_is_split() -> None:
    one = Pseudonymiser(SECRET)
    made = [one.study("1.2"), one.series("1.2"), one.token("other", "1.2"), one.token("other", "1", ".2")]
    assert len(set(made)) == 4
    assert all(len(token) == 24 and set(token) <= set("0123456789abcdef") for token in made)


def test_dates_move_back_by_1_to_365_days_depending_on_the_patient() -> None:
    one, patient, day = Pseudonymiser(SECRET), PatientKey("p"), date(2018, 5, 1)
    days = {one.shift_days(PatientKey(f"p{number}")) for number in range(5000)}
    assert days == set(range(1, MAX_SHIFT_DAYS + 1))
    assert one.shifted(patient, day) == day - timedelta(days=one.shift_days(patient))


@pytest.mark.parametrize(
    ("text", "rule", "plain"),
    [
        (" mrn 1\t2 ", IdentifierRule(), "MRN12"),
        ("ＭＲＮ１", IdentifierRule(), "MRN1"),
        ("00120", IdentifierRule(), "00120"),
        ("00120", IdentifierRule(leading_zeros=True), "120"),
        ("X0120", IdentifierRule(leading_zeros=True), "X0120"),
        ("000", IdentifierRule(leading_zeros=True), "000"),
        ("12345", IdentifierRule(check_digits=1), "1234"),
        ("12345", IdentifierRule(check_digits=4), "1"),
        ("1234", IdentifierRule(check_digits=4), "1234"),
        ("00123", IdentifierRule(leading_zeros=True, check_digits=1), "12"),
    ],
)
def test_l04_an_identifier_is_normalised_by_the_rule_of_the_hospital(
    text: str, rule: IdentifierRule, plain: str
) -> None:
    assert normalise_identifier(text, rule) == plain


def test_l04_the_rule_applies_to_patient_identifiers_but_not_to_issuers() -> None:
    one = Pseudonymiser(SECRET, IdentifierRule(leading_zeros=True))
    assert one.patient("A", "0012") == one.patient("A", "12")
    assert one.patient("0A", "12") != one.patient("A", "12")
    assert one.patient("a ", "12") == one.patient("A", "12")
    assert normalise_identifier("0012") == "0012"


def test_the_fingerprint_of_a_key_never_changes_and_tells_keys_apart() -> None:
    known = hmac.new(SECRET.encode(), b"fingerprint", hashlib.sha256).hexdigest()
    assert Pseudonymiser(SECRET).fingerprint() == known
    assert Pseudonymiser("t" * 32).fingerprint() != known
