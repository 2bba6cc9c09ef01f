"""Pseudonyms are stable and keyed, and intervals between dates are preserved."""

from datetime import date, timedelta

import pytest

from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser

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


@pytest.mark.parametrize("secret", ["", "short"])
def test_h11_without_a_valid_key_nothing_starts(secret: str) -> None:
    with pytest.raises(RunRefusedError) as caught:
        Pseudonymiser(secret)
    assert caught.value.code == "E_KEY"
