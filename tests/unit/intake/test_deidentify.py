"""Nothing that names a patient survives; what imaging needs does."""

from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence

from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentify import deidentify, encoded
from idh_tasks.intake.pseudonym import Pseudonymiser
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance

SECRET = Pseudonymiser("s" * 32)


def planted() -> Dataset:
    nested = Dataset()
    nested.PatientName, nested.OperatorsName = MARKER, MARKER
    ds = instance(
        AccessionNumber=MARKER_ID,
        InstitutionName="Marker Hospital",
        PatientComments=f"called {MARKER}",
        SeriesDescription=MARKER,
        OtherPatientIDsSequence=Sequence([nested]),
        RequestAttributesSequence=Sequence([nested]),
        PerFrameFunctionalGroupsSequence=Sequence([nested]),
    )
    ds.private_block(0x0029, "MARKER CORP", create=True).add_new(0x10, "LO", MARKER)
    ds.add_new((0x6000, 0x0022), "LO", MARKER)
    ds.preamble = MARKER.encode().ljust(128, b"\0")
    return ds


def clean(ds: Dataset) -> bytes:
    return encoded(deidentify(ds, PatientKey("pseudonym"), SECRET))


def test_h01_no_planted_marker_is_left_in_the_bytes() -> None:
    content = clean(planted())
    for marker in (b"Zebedee", b"Marker", b"MARKER", b"19600102", b"20180304", b"1.2.3.4\0"):
        assert marker in dicom_bytes(planted()), f"{marker!r} was never planted"
        assert marker not in content


def test_pixels_grid_and_timing_are_kept() -> None:
    before = instance()
    after = dcmread_bytes(clean(before))
    assert after.PixelData == before.PixelData
    assert after.ImagePositionPatient == before.ImagePositionPatient
    assert (after.RepetitionTime, after.EchoTime) == (500, 10)
    assert after.PatientID == "pseudonym"


def dcmread_bytes(content: bytes) -> Dataset:
    from io import BytesIO

    return dcmread(BytesIO(content))


def test_the_same_instance_gives_the_same_bytes() -> None:
    ds = instance()
    assert clean(ds) == clean(ds)


def test_a_private_b_value_moves_to_its_standard_element() -> None:
    ds = instance()
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", 1000)
    assert dcmread_bytes(clean(ds)).DiffusionBValue == 1000
