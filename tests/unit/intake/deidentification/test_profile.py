"""Each attribute has the action that PS3.15 table E.1-1 prescribes."""

import pytest
from pydicom.datadict import tag_for_keyword

from idh_tasks.intake.deidentification.profile import Action, actions, imaging_terms, safe_private


@pytest.fixture(autouse=True)
def fresh_tables() -> None:
    """Read the tables again in each test, so that no test depends on the cache of an earlier one."""
    for table in (actions, safe_private, imaging_terms):
        table.cache_clear()


@pytest.mark.parametrize(
    ("keyword", "chosen", "otherwise"),
    [
        ("StudyDate", Action.SHIFT, Action.EMPTY),  # Z, dates C
        ("SeriesDate", Action.SHIFT, Action.DUMMY),  # X/D, dates C
        ("SOPInstanceUID", Action.MAP_UID, Action.MAP_UID),  # U
        ("ReferencedImageSequence", Action.MAP_UID, Action.MAP_UID),  # X/Z/U*
        ("SeriesDescription", Action.CLEAN, Action.REMOVE),  # X, descriptors C
        ("ProtocolName", Action.CLEAN, Action.DUMMY),  # X/D, descriptors C
        ("Allergies", Action.CLEAN, Action.REMOVE),  # X, patient C, descriptors C
        ("PreMedication", Action.CLEAN, Action.REMOVE),  # X, patient C
        ("PatientName", Action.EMPTY, Action.EMPTY),  # Z
        ("PatientSex", Action.KEEP, Action.EMPTY),  # Z, patient K
        ("PatientAge", Action.KEEP, Action.REMOVE),  # X, patient K
        ("InstitutionName", Action.DUMMY, Action.DUMMY),  # X/Z/D
        ("InstitutionAddress", Action.REMOVE, Action.REMOVE),  # X
    ],
)
def test_an_attribute_has_an_action_and_a_fallback_for_values_that_cleaning_removes(
    keyword: str, chosen: Action, otherwise: Action
) -> None:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    assert actions()[tag] == (chosen, otherwise)


def test_every_single_attribute_of_the_table_has_an_action_and_whole_groups_have_none() -> None:
    """Four of the 621 rows name whole groups: curves, overlays (two rows) and private attributes."""
    assert len(actions()) == 621 - 4
    assert not any(0x5000 <= tag >> 16 <= 0x60FF for tag in actions())


def test_safe_private_elements_are_found_by_upper_case_creator_and_group() -> None:
    assert safe_private()["SIEMENS MR HEADER", 0x0019] == (0x0A, 0x0C, 0x0E, 0x29)
    assert safe_private()["PHILIPS MR IMAGING DD 001", 0x2005] == (0x0D, 0x0E, 0xB0, 0xB1, 0xB2)


def test_imaging_terms_are_single_lower_case_words() -> None:
    assert {"t1", "axial", "flair"} <= imaging_terms()
    assert all(word == word.lower() and " " not in word for word in imaging_terms())
