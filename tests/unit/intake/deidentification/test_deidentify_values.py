"""How each action changes a value: keep, clean, map, shift, dummy, empty, remove."""

from datetime import date
from typing import Any

import pytest
from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.sequence import Sequence
from pydicom.uid import MRImageStorage

from idh_tasks.dicom.dates import parse_date
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.profile import Action
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.deidentification.subject import Subject
from idh_tasks.intake.deidentification.value_actions import ACTIONS
from tests.factories import instance

SECRET = Pseudonymiser("s" * 32)
PATIENT = PatientKey("pseudonym")
MOVED = f"{SECRET.shifted(PATIENT, date(2018, 3, 4)):%Y%m%d}"
LATER = f"{SECRET.shifted(PATIENT, date(2018, 3, 6)):%Y%m%d}"


def clean(**values: Any) -> Dataset:
    return deidentify(instance(**values), PATIENT, SECRET)


def after(keyword: str, value: Any, **others: Any) -> Any:
    """Return the value of an attribute after de-identification, or None if it was removed."""
    return clean(**{keyword: value}, **others).get(keyword)


def item(**values: Any) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


@pytest.mark.parametrize(
    ("keyword", "value", "left"),
    [
        ("SeriesDescription", "t1 axial Dougal", "t1 axial"),
        ("SeriesDescription", "Dougal", None),  # X
        ("ProtocolName", "Dougal", "REMOVED"),  # X/D
        ("RequestedProcedureDescription", "Dougal", ""),  # X/Z
        ("ImageComments", "flair of Dougal", "flair"),
        ("ConsentForDistributionFlag", "YES", "YES"),
        ("ScanOptions", ["FS", "SP"], ["FS", "SP"]),  # not in the table: kept
        ("TextValue", "axial for Dougal", "axial"),  # not in the table, but free text: cleaned
        ("TextValue", "Dougal", None),
    ],
)
def test_a_text_keeps_imaging_terms_or_is_replaced_as_the_table_allows(keyword: str, value: Any, left: Any) -> None:
    assert after(keyword, value) == left


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (["t1 of Dougal", "axial"], ["t1", "axial"]),
        (["t1", "axial", "flair"], ["t1", "axial", "flair"]),
        (["Dougal", "axial"], "axial"),
        (["Dougal", "Brian"], None),
        ("", None),
    ],
)
def test_each_value_of_a_multi_valued_text_is_cleaned(given: Any, left: Any) -> None:
    assert after("MedicalAlerts", given) == left


@pytest.mark.parametrize(
    ("keyword", "value", "left"),
    [
        ("ManufacturerModelName", "Skyra Dougal", None),  # not in the table: removed
        ("PatientSex", "DOUGAL", "REMOVED"),  # Z: a dummy
        ("EthnicGroup", "Dougal", None),  # X
        ("BodyPartExamined", "DOUGAL", None),
        ("ImageType", ["ORIGINAL", "DOUGAL"], None),
    ],
)
def test_a_text_that_names_the_patient_is_not_kept(keyword: str, value: Any, left: Any) -> None:
    assert after(keyword, value, PatientName="Dougal") == left
    assert after(keyword, value, PatientName="Brian") == value


def test_a_uid_defined_by_the_standard_is_kept_and_any_other_is_mapped() -> None:
    out = clean(FrameOfReferenceUID="1.2.3", SOPClassUID=MRImageStorage)
    assert out.SOPClassUID == MRImageStorage
    assert out.FrameOfReferenceUID == SECRET.uid("1.2.3")


def test_each_value_of_a_multi_valued_uid_is_mapped() -> None:
    found = after("FailedSOPInstanceUIDList", ["1.2.3", MRImageStorage, "1.2.4"])
    assert list(found) == [SECRET.uid("1.2.3"), MRImageStorage, SECRET.uid("1.2.4")]
    assert after("FailedSOPInstanceUIDList", ["1.2.3"]) == SECRET.uid("1.2.3")
    assert not after("FrameOfReferenceUID", "")


def test_a_uid_that_is_not_in_the_table_is_mapped() -> None:
    assert after("MultiFrameSourceSOPInstanceUID", "1.2.3") == SECRET.uid("1.2.3")


@pytest.mark.parametrize(
    ("keyword", "value", "left"),
    [
        ("StudyDate", "20180304", MOVED),
        ("AcquisitionDateTime", "20180304101112.5+0100", f"{MOVED}101112.5+0100"),
        ("StudyTime", "101112", "101112"),
        ("DateOfLastCalibration", ["20180304", "20180306"], [MOVED, LATER]),
        ("DateOfLastCalibration", ["20180304", "20180231"], MOVED),
        ("DateOfLastCalibration", ["", "20180304"], MOVED),
        ("DateOfLastCalibration", "20180231", None),  # X
        ("AcquisitionDate", "20180231", ""),  # X/Z
        ("SeriesDate", "20180231", "19000101"),  # X/D
        ("SeriesDate", "", "19000101"),
        ("AcquisitionDateTime", "2018", "19000101"),
        ("TimezoneOffsetFromUTC", "+0100", None),  # a date by the table, text by its VR
        ("TimezoneOffsetFromUTC", "20180304", None),
        ("PatientBirthDate", "19600102", ""),
    ],
)
def test_a_date_is_shifted_by_the_constant_of_the_patient_or_replaced_as_the_table_allows(
    keyword: str, value: Any, left: Any
) -> None:
    assert after(keyword, value) == left


@pytest.mark.parametrize(
    ("text", "day"),
    [("20180304", date(2018, 3, 4)), ("20180231", None), ("2018-03-04", None), ("", None), (None, None)],
)
def test_only_a_valid_calendar_date_is_a_day(text: str | None, day: date | None) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("keyword", "value", "dummy"),
    [
        ("InstitutionName", "Dougal", "REMOVED"),
        ("OperatorsName", "Dougal", "REMOVED"),
        ("DestinationAE", "DOUGAL", "REMOVED"),
        ("SourceIdentifier", b"DOUGAL", b"\0\0"),
        ("SelectorUNValue", b"DOUGAL", b"\0\0"),
        ("AnnotationGroupUID", "1.2.3", SECRET.uid("1.2.3")),
    ],
)
def test_an_attribute_that_must_not_be_empty_gets_a_dummy(keyword: str, value: Any, dummy: Any) -> None:
    assert after(keyword, value) == dummy


def done(action: Action, vr: str, value: Any) -> Any:
    """Apply an action to a value of any VR, including those that no attribute of today's table has."""
    element = ACTIONS[action](DataElement(0x00080080, vr, value), Subject(PATIENT, SECRET, frozenset()))
    return None if element is None else element.value


@pytest.mark.parametrize(
    ("vr", "value", "dummy"),
    [
        *((vr, "4711", 0) for vr in ("DS", "IS")),
        *((vr, 4711, 0) for vr in ("US", "SS", "UL", "SL", "FL", "FD")),
        *((vr, b"MARKER", b"\0\0") for vr in ("OB", "OW")),
        ("DA", "20180304", "19000101"),
        ("DT", "20180304101112", "19000101"),
        ("TM", "101112", "000000"),
        ("AS", "061Y", "000Y"),
        *((vr, "Dougal", "REMOVED") for vr in ("PN", "LO", "SH", "CS", "UT")),
    ],
)
def test_a_dummy_fits_its_vr(vr: str, value: Any, dummy: Any) -> None:
    assert done(Action.DUMMY, vr, value) == dummy


@pytest.mark.parametrize("vr", ["LO", "PN", "DA", "UI"])
def test_an_emptied_value_is_an_empty_string(vr: str) -> None:
    assert done(Action.EMPTY, vr, "20180304") == ""


def test_an_emptied_attribute_stays_without_a_value() -> None:
    out = clean(AccessionNumber="Dougal", ReferencedStudySequence=Sequence([item(PatientName="Dougal")]))
    assert out.AccessionNumber == ""
    assert list(out.ReferencedStudySequence) == []


@pytest.mark.parametrize(
    "keyword",
    [
        "RequestAttributesSequence",  # C
        "InstitutionCodeSequence",  # D
        "ReferencedImageSequence",  # U
        "PerFrameFunctionalGroupsSequence",  # not in the table
    ],
)
def test_sequence_items_are_de_identified_like_the_data_set(keyword: str) -> None:
    inside = item(SeriesDescription="t1 of Dougal", OperatorsName="Dougal", StudyDate="20180304", RepetitionTime="12")
    inside.add_new((0x0009, 0x0010), "LO", "Dougal")
    ds = instance()
    tag = tag_for_keyword(keyword)
    assert tag is not None
    ds[tag] = DataElement(tag, dictionary_VR(tag), Sequence([inside, item(RepetitionTime="13")]))
    first, second = deidentify(ds, PATIENT, SECRET)[tag].value
    assert first == item(SeriesDescription="t1", OperatorsName="REMOVED", StudyDate=MOVED, RepetitionTime="12")
    assert second == item(RepetitionTime="13")
