"""Descriptors keep imaging terms only; parts of identifiers are recognised anywhere in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from idh_tasks.intake.deidentification.descriptors import IDENTIFYING, clean_text, identifies_patient, identifying_texts


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("t1 axial Zebedee", "t1 axial"),
        ("T1_AXIAL-FLAIR", "T1 AXIAL FLAIR"),
        ("flair 3mm 5.5 ms b1000", "flair 3mm 5.5 ms"),
        ("axial 4711 12.345 19600102", "axial"),
        ("3T 30DIR", "3T 30DIR"),
        ("Zebedee^Marker", ""),
        ("", ""),
    ],
)
def test_imaging_terms_and_short_numbers_are_kept_in_order(text: str, kept: str) -> None:
    assert clean_text(text) == kept


@given(st.text())
def test_cleaning_is_idempotent(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


def test_identifiers_are_split_into_upper_case_parts_and_also_kept_whole() -> None:
    ds = Dataset()
    ds.PatientName, ds.PatientID = "Zebedee^Marker", "mrn-4711=dougal"
    assert identifying_texts(ds) == {"ZEBEDEE^MARKER", "ZEBEDEE", "MARKER", "MRN-4711=DOUGAL", "MRN-4711", "DOUGAL"}


def test_short_parts_and_imaging_terms_identify_nobody() -> None:
    ds = Dataset()
    ds.PatientName, ds.InstitutionName = "Lee^Head^Brian", "Brain"
    assert identifying_texts(ds) == {"LEE^HEAD^BRIAN", "BRIAN"}


@pytest.mark.parametrize("keyword", IDENTIFYING)
def test_every_identifying_attribute_is_used(keyword: str) -> None:
    ds = Dataset()
    value = "19600102" if keyword == "PatientBirthDate" else "ZEBEDEE"
    setattr(ds, keyword, value)
    assert identifying_texts(ds) == {value}


def test_empty_attributes_identify_nobody() -> None:
    ds = Dataset()
    ds.PatientName = ""
    assert identifying_texts(ds) == frozenset()


def test_a_part_is_recognised_within_a_word_and_in_any_case() -> None:
    assert identifies_patient("Skyra of zebedee's", {"DOUGAL", "ZEBEDEE"})
    assert not identifies_patient("Skyra", {"DOUGAL", "ZEBEDEE"})
    assert not identifies_patient("Skyra", set())
