"""A file holds one data set, which states each element once: otherwise it is of two patients."""

import pytest
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.instance import admit
from tests.factories import dicom_bytes, instance

ENDS = {"none": b"", "padding": b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0\0\0\0\0", "zeros": bytes(64)}
SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
PATIENT = b"\x10\x00\x20\x00LO\x04\x00BBB "


def content(patient: str, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    ds = instance(PatientID=patient)
    ds.file_meta.TransferSyntaxUID = syntax
    return dicom_bytes(ds)


def refused(file: bytes) -> str:
    with pytest.raises(InstanceRejectedError) as caught:
        admit(file)
    return caught.value.code


def test_a_patient_stated_twice_is_refused() -> None:
    assert refused(content("AAA") + PATIENT) == "E_NOT_DICOM"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_second_file_in_the_same_file_is_refused(syntax: UID) -> None:
    assert refused(content("AAA", syntax) + content("BBB", syntax)) == "E_NOT_DICOM"


@pytest.mark.parametrize("syntax", [*SYNTAXES, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_follows_a_data_set_without_a_statement_is_no_second_one(syntax: UID, end: bytes) -> None:
    assert admit(content("AAA", syntax) + end).ds.PatientID == "AAA"
