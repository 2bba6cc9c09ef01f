"""Nothing that identifies a patient is left, and what imaging needs is: checked against PS3.15 table E.1-1."""

import csv
import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import DataElement, Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.sequence import Sequence
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.profile import TABLES
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance

SECRET = Pseudonymiser("s" * 32)
PATIENT = PatientKey("pseudonym")
TABLE = list(csv.DictReader((TABLES / "ps3.15_e1-1.csv").open()))
PLANTED = {"DA": "20180304", "DT": "20180304101112", "TM": "101112", "UI": "1.2.3.987654", "AS": "061Y",
           "DS": "4711", "IS": "4711", "US": 4711, "UN": b"MARKER", "OB": b"MARKER"}  # fmt: skip
OURS = {"PatientID", "PatientName", "PatientIdentityRemoved", "DeidentificationMethodCodeSequence",
        "DeidentificationMethod", "SOPInstanceUID"}  # fmt: skip


def nested() -> Dataset:
    item = Dataset()
    item.PatientName, item.OperatorsName, item.RepetitionTime = MARKER, MARKER, "12"
    return item


def planted() -> Dataset:
    ds = instance(
        AccessionNumber=MARKER_ID,
        InstitutionName="Marker Hospital",
        PatientComments=f"called {MARKER}",
        SeriesDescription=f"t1 axial {MARKER}",
        OtherPatientIDsSequence=Sequence([nested()]),
        RequestAttributesSequence=Sequence([nested()]),
        PerFrameFunctionalGroupsSequence=Sequence([nested()]),
        ManufacturerModelName=f"Skyra of {MARKER_ID}",
        BodyPartExamined="ZEBEDEE",
    )
    ds.private_block(0x0029, "MARKER CORP", create=True).add_new(0x10, "LO", MARKER)
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "LO", MARKER)
    ds.add_new((0x6000, 0x0022), "LO", MARKER)
    ds.add_new((0x5000, 0x3000), "OW", MARKER.encode())
    ds.add_new((0x0009, 0x0010), "LO", MARKER)
    ds.preamble = MARKER.encode().ljust(128, b"\0")
    return ds


def clean(ds: Dataset) -> bytes:
    return encode_file(deidentify(ds, PATIENT, SECRET))


def read(content: bytes) -> Dataset:
    return dcmread(BytesIO(content))


def test_h01_no_planted_marker_is_left_in_the_bytes() -> None:
    content = clean(planted())
    for marker in (b"Zebedee", b"ZEBEDEE", b"Marker", b"MARKER", b"19600102", b"20180304", b"1.2.3.4\0"):
        assert marker in dicom_bytes(planted()), f"{marker!r} was never planted"
        assert marker not in content


def public(row: dict[str, str]) -> bool:
    """Return whether a row stands for one attribute of a data set, not for a command or a whole group."""
    return "x" not in row["tag"] and len(row["tag"]) == 8 and row["tag"] >= "0008"


def with_planted(row: dict[str, str]) -> tuple[Dataset, DataElement]:
    tag = int(row["tag"], 16)
    vr = dictionary_VR(tag)
    text = "NO" if row["patient"] == "K" else MARKER
    value = Sequence([nested()]) if vr == "SQ" else PLANTED.get(vr, text)
    ds = instance()
    ds[tag] = DataElement(tag, vr, value)
    ds.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    return ds, ds[tag]


@pytest.mark.parametrize("row", [row for row in TABLE if public(row)], ids=lambda row: row["name"])
def test_every_attribute_of_the_table_gets_its_action(row: dict[str, str]) -> None:
    ds, before = with_planted(row)
    out = read(clean(ds))
    assert b"Zebedee" not in encode_file(out)
    if before.keyword in OURS:
        return
    after = out.get(before.tag)
    if row["patient"] == "K":
        assert after is not None
        assert str(after.value).lstrip("0") == str(before.value).lstrip("0")
    elif row["dates"] == "C" and before.VR in ("DA", "DT", "TM"):
        check_date(before, after)
    else:
        check_basic(row, before, after)


def check_date(before: DataElement, after: DataElement | None) -> None:
    assert after is not None
    if before.VR == "TM":
        assert after.value == before.value
        return
    assert str(after.value)[:8] < "20180304"
    assert str(after.value)[8:] == str(before.value)[8:]


def check_basic(row: dict[str, str], before: DataElement, after: DataElement | None) -> None:
    """X: removed; Z: present, empty or a dummy; D: present, not empty; U: another UID. C may leave imaging terms."""
    allowed = row["basic"].rstrip("*").split("/")
    if after is None:
        assert "X" in allowed
    elif before.VR == "SQ":
        assert set(allowed) & {"Z", "D", "U"} or row["descriptors"] == "C"
        assert all(item.get("OperatorsName") != MARKER for item in after.value)
    elif not after.value:
        assert "Z" in allowed
    else:
        assert set(allowed) & {"D", "U"} or row["descriptors"] == "C"
        assert after.value != before.value


@pytest.mark.real_data
def test_our_copy_of_the_table_equals_the_standard(real_data: Path) -> None:
    stated = json.loads((real_data / "standard" / "ps3.15_table_e1-1.json").read_text())
    columns = {"basicProfile": "basic", "rtnLongModifDatesOpt": "dates", "rtnPatCharsOpt": "patient",
               "cleanDescOpt": "descriptors"}  # fmt: skip
    ours = {row["tag"]: row for row in TABLE}
    assert len(ours) == len(stated)
    for row in stated:
        for theirs, column in columns.items():
            assert ours[row["id"]][column] == row.get(theirs, ""), row["name"]


def test_descriptors_keep_imaging_terms() -> None:
    assert read(clean(planted())).SeriesDescription == "t1 axial"


def test_age_and_sex_are_kept_and_intervals_between_dates_are_preserved() -> None:
    ds = instance(PatientAge="058Y", StudyDate="20180304", AcquisitionDateTime="20180306120000.5")
    out = read(clean(ds))
    assert (out.PatientAge, out.PatientSex) == ("058Y", "F")
    first, later = out.StudyDate, out.AcquisitionDateTime
    assert np.datetime64(f"{later[:4]}-{later[4:6]}-{later[6:8]}") - np.datetime64(
        f"{first[:4]}-{first[4:6]}-{first[6:8]}"
    ) == np.timedelta64(2, "D")
    assert later[8:] == "120000.5"


def test_pixels_grid_and_timing_are_kept() -> None:
    before = instance()
    after = read(clean(before))
    assert after.PixelData == before.PixelData
    assert after.ImagePositionPatient == before.ImagePositionPatient
    assert (after.RepetitionTime, after.EchoTime) == (500, 10)
    assert after.PatientID == "pseudonym"
    assert after.SOPClassUID == before.SOPClassUID


def test_an_overlay_hidden_in_the_upper_bits_is_cleared() -> None:
    pixels = np.arange(64, dtype=np.uint16) | np.uint16(0x8000)
    ds = instance(BitsStored=12, HighBit=11, PixelData=pixels.tobytes())
    ds.add_new((0x6000, 0x0102), "US", 15)
    assert read(clean(ds)).PixelData == np.arange(64, dtype=np.uint16).tobytes()


def test_the_same_instance_gives_the_same_bytes() -> None:
    ds = instance()
    assert clean(ds) == clean(ds)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_the_transfer_encoding_does_not_change_what_is_stored(syntax: str) -> None:
    plain = instance(SmallestImagePixelValue=0)
    other = read(dicom_bytes(plain))
    other.file_meta.TransferSyntaxUID = UID(syntax)
    assert clean(read(dicom_bytes(other))) == clean(read(dicom_bytes(plain)))


def test_a_compressed_image_keeps_its_stream() -> None:
    ds = read(dicom_bytes(instance()))
    ds.compress(RLELossless)
    out = read(clean(ds))
    assert out.PixelData == ds.PixelData
    assert out.pixel_array.ravel().tolist() == list(range(64))


def test_equal_bytes_of_another_patient_are_processed_for_that_patient() -> None:
    """Results are cached by bytes and patient: a text that identifies one patient may stay in another's header."""
    named = {"ManufacturerModelName": "Skyra Zebedee", "StudyDate": "20180304"}
    others = [clean(read(dicom_bytes(instance(PatientName=name, **named)))) for name in ("Dougal", MARKER, "Dougal")]
    assert [b"Skyra Zebedee" in content for content in others] == [True, False, True]
    moved = deidentify(read(dicom_bytes(instance())), PatientKey("another"), SECRET)
    assert moved.StudyDate != read(others[0]).StudyDate


def test_a_uid_is_mapped_alike_wherever_it_occurs() -> None:
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.4.5"
    out = read(clean(instance(SOPInstanceUID="1.2.3.4.5", ReferencedImageSequence=Sequence([item]))))
    assert out.ReferencedImageSequence[0].ReferencedSOPInstanceUID == out.SOPInstanceUID != "1.2.3.4.5"


def test_a_private_b_value_moves_to_its_standard_element_and_safe_numbers_stay() -> None:
    ds = instance()
    block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", 1000)
    block.add_new(0x0A, "US", 35)
    out = read(clean(ds))
    assert out.DiffusionBValue == 1000
    assert out.private_block(0x0019, "SIEMENS MR HEADER")[0x0A].value == 35


def test_a_component_that_ge_alone_states_moves_to_its_standard_element() -> None:
    ds = instance()
    ds.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", 1)
    assert read(clean(ds)).ComplexImageComponent == "PHASE"


def test_the_options_that_were_applied_are_declared() -> None:
    out = read(clean(instance()))
    codes = {item.CodeValue for item in out.DeidentificationMethodCodeSequence}
    assert codes == {"113100", "113105", "113107", "113108", "113111"}
    assert out.LongitudinalTemporalInformationModified == "MODIFIED"
