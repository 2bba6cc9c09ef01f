"""The gate admits consistent instances and states the fault of the others."""

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.instance import admit
from tests.factories import MARKER, MARKER_ID, dicom_bytes, instance
from tests.files import with_raw


def rejection(content: bytes) -> InstanceRejectedError:
    with pytest.raises(InstanceRejectedError) as caught:
        admit(content)
    assert MARKER not in str(caught.value)
    assert MARKER_ID not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def code(content: bytes) -> str:
    return rejection(content).code


def warnings(content: bytes) -> set[str]:
    return {warning.code for warning in admit(content).warnings}


def deflated(body: bytes) -> bytes:
    ds = instance()
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    content = dicom_bytes(ds)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = content.index(DeflatedExplicitVRLittleEndian.encode()) + len(DeflatedExplicitVRLittleEndian)
    while content[start : start + 2] in (b"\0\x02", b"\x02\0") or content[start] == 0:
        start += 1 if content[start] == 0 else 8 + struct.unpack_from("<H", content, start + 6)[0]
    return content[:start] + packer.compress(body) + packer.flush()


def test_a_valid_instance_passes() -> None:
    ds = instance()
    admitted = admit(dicom_bytes(ds))
    assert admitted.ds.SOPInstanceUID == ds.SOPInstanceUID
    assert admitted.warnings == ()


@pytest.mark.parametrize("content", [b"", b"just text", b"PK\x03\x04" + b"\0" * 400])
def test_d06_a_file_that_is_not_dicom_is_rejected(content: bytes) -> None:
    assert code(content) == "E_NOT_DICOM"


def test_d01_truncated_pixels_are_reported_with_both_lengths() -> None:
    error = rejection(dicom_bytes(instance(PixelData=b"\1" * 40)))
    assert (error.code, error.reason) == ("E_PIXEL_LENGTH", "128 bytes of pixels expected, 40 found")


def test_d01_a_truncated_file_is_rejected() -> None:
    assert code(dicom_bytes(instance())[:-60]) in ("E_PIXEL_LENGTH", "E_NOT_DICOM")


def test_d02_a_giant_matrix_with_few_pixels_is_rejected() -> None:
    assert code(dicom_bytes(instance(Rows=40000, Columns=40000))) == "E_PIXEL_LENGTH"


@pytest.mark.parametrize("keyword", ["Rows", "Columns", "PixelData"])
def test_d02_an_image_without_a_stated_size_is_rejected(keyword: str) -> None:
    ds = instance()
    delattr(ds, keyword)
    assert code(dicom_bytes(ds)) == "E_PIXEL_LENGTH"


def test_d03_a_decompression_bomb_is_not_inflated() -> None:
    assert code(deflated(b"\0" * (130 * 2**20))) == "E_INFLATE_LIMIT"


def test_d03_a_deflated_instance_passes() -> None:
    ds = instance()
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert admit(dicom_bytes(ds)).ds.Rows == 8


def test_d04_a_thousand_nested_sequences_are_rejected() -> None:
    item = Dataset()
    for _ in range(150):
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([item])
        item = outer
    assert code(dicom_bytes(instance(ReferencedImageSequence=item.ReferencedImageSequence))) == "E_NESTING_LIMIT"
    opened = b"".join(struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
                      for _ in range(1000))  # fmt: skip
    assert code(dicom_bytes(instance())[:-140] + opened) in ("E_NESTING_LIMIT", "E_NOT_DICOM")


def test_d05_a_wrong_group_length_is_rejected() -> None:
    content = dicom_bytes(instance())
    assert code(content[:140] + struct.pack("<I", 7) + content[144:]) == "E_FILE_META"


def test_d05_a_giant_element_in_the_file_meta_is_not_allocated() -> None:
    content = dicom_bytes(instance())
    giant = struct.pack("<HH2sHI", 2, 0x0001, b"OB", 0, 0x7FFFFFFF)
    assert code(content[:144] + giant + content[144:]) == "E_FILE_META"


def test_d05_a_file_without_transfer_syntax_is_rejected() -> None:
    assert code(b"\0" * 128 + b"DICM" + b"\0" * 50) == "E_FILE_META"


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_d07_a_missing_uid_is_rejected(keyword: str) -> None:
    content, uid = dicom_bytes(instance(**{keyword: "1.2.777.1"})), b"1.2.777.1\0"
    assert code(content.replace(uid, b"\0" * len(uid))) == "E_MISSING_UID"


@pytest.mark.parametrize("uid", [b"../../etc/x", b"1." + b"2" * 70, b"1.2..3", b"1.2.3.", b"1", b"1.2\x003.4"])
def test_d08_an_invalid_uid_is_rejected(uid: bytes) -> None:
    ds = instance()
    del ds.SeriesInstanceUID
    assert code(with_raw(ds, (0x0020, 0x000E), b"UI", uid)) == "E_BAD_UID"


def test_d09_different_uids_in_file_meta_and_data_set_are_rejected() -> None:
    content = dicom_bytes(instance(SOPInstanceUID="1.2.3.4.5.6"))
    first = content.index(b"1.2.3.4.5.6")
    assert code(content[:first] + b"1.2.3.4.5.7" + content[first + 11 :]) == "E_UID_MISMATCH"


@pytest.mark.parametrize("start", [b"MZ\x90\0", b"\x7fELF"])
def test_d10_a_program_in_the_preamble_is_reported_and_not_stored(start: bytes) -> None:
    from idh_tasks.dicom.files import encode_file
    from idh_tasks.domain.study import PatientKey
    from idh_tasks.intake.deidentification.deidentify import deidentify
    from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser

    content = start + dicom_bytes(instance())[len(start) :]
    admitted = admit(content)
    assert [warning.code for warning in admitted.warnings] == ["W_PREAMBLE"]
    assert encode_file(deidentify(admitted.ds, PatientKey("p"), Pseudonymiser("s" * 32)))[:128] == b"\0" * 128


def test_d11_an_unknown_transfer_syntax_is_rejected_by_name() -> None:
    content = dicom_bytes(instance()).replace(ExplicitVRLittleEndian.encode() + b"\0", b"1.2.840.10008.1.2.99")
    error = rejection(content)
    assert error.code == "E_DECODE"
    assert "1.2.840.10008.1.2.99" in error.reason


def test_d11_a_damaged_jpeg_2000_stream_is_rejected() -> None:
    from pydicom.encaps import encapsulate

    ds = instance(PixelData=encapsulate([b"\xff\x4f\xff\x51 this is not an image"]))
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = JPEG2000Lossless
    error = rejection(dicom_bytes(ds))
    assert error.code == "E_DECODE"
    assert JPEG2000Lossless in error.reason


def test_d11_a_compressed_instance_passes() -> None:
    ds = instance()
    ds.compress(RLELossless)
    ds.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    assert admit(dicom_bytes(ds)).ds.pixel_array.max() == 63


@pytest.mark.parametrize("sop_class", [EncapsulatedPDFStorage, "1.2.840.10008.5.1.4.1.1.11.1"])
def test_d17_an_object_that_is_not_an_image_is_skipped_with_a_reason(sop_class: str) -> None:
    error = rejection(dicom_bytes(instance(SOPClassUID=sop_class)))
    assert (error.code, error.reason[-8:]) == ("W_SKIPPED_SOP", "not used")


@pytest.mark.parametrize("charset", ["ISO_IR 999", "", "nonsense"])
def test_d19_a_name_that_cannot_be_decoded_is_dropped(charset: str) -> None:
    ds = instance()
    del ds.PatientName
    if charset:
        ds.SpecificCharacterSet = charset
    content = with_raw(ds, (0x0010, 0x0010), b"PN", "Müller^Zoë".encode("latin-1"))
    assert warnings(content) == {"W_CHARSET"}
    assert "PatientName" not in admit(content).ds


@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192", "GB18030", "ISO 2022 IR 87", "ISO_IR 144"])
def test_d19_a_stated_character_set_is_decoded(charset: str) -> None:
    assert "PatientName" in admit(dicom_bytes(instance(SpecificCharacterSet=charset))).ds


@pytest.mark.parametrize(
    "overrides",
    [{"BurnedInAnnotation": "YES"}, {"SOPClassUID": SecondaryCaptureImageStorage}],
    ids=["stated as burned in", "capture without a statement"],
)
def test_d20_text_burned_into_the_pixels_is_rejected(overrides: dict[str, str]) -> None:
    assert code(dicom_bytes(instance(**overrides))) == "E_BURNED_IN"


@pytest.mark.parametrize(
    ("tag", "vr"), [((0x0020, 0x0013), b"IS"), ((0x0018, 0x0081), b"DS"), ((0x0020, 0x0052), b"UI")]
)
def test_d21_a_name_in_a_numeric_element_that_is_needed_is_rejected_by_tag_only(
    tag: tuple[int, int], vr: bytes
) -> None:
    error = rejection(with_raw(instance(), tag, vr, MARKER.encode()))
    assert error.code == "E_VR_INVALID"
    assert f"({tag[0]:04x},{tag[1]:04x})" in error.reason.lower()


@pytest.mark.parametrize(
    ("keyword", "tag", "vr", "value"),
    [
        ("PatientBirthDate", (0x0010, 0x0030), b"DA", b"20260231"),
        ("PatientAge", (0x0010, 0x1010), b"AS", b"999Y"),
        ("SeriesNumber", (0x0020, 0x0011), b"IS", b"1.5"),
        ("ImagingFrequency", (0x0018, 0x0084), b"DS", b"1.2.3"),
        ("EchoTime", (0x0018, 0x0081), b"DS", b"30\\100"),
        ("EchoTrainLength", (0x0018, 0x0091), b"IS", b"1\\16"),
    ],
)
def test_d22_an_invalid_value_is_reported_and_dropped(
    keyword: str, tag: tuple[int, int], vr: bytes, value: bytes
) -> None:
    ds = instance()
    if keyword in ds:
        delattr(ds, keyword)
    content = with_raw(ds, tag, vr, value)
    assert warnings(content) == {"W_VR_INVALID"}
    assert keyword not in admit(content).ds


def test_d22_an_invalid_value_is_reported_every_time() -> None:
    content = with_raw(instance(), (0x0010, 0x1010), b"AS", b"999Y")
    good = with_raw(instance(), (0x0010, 0x1010), b"AS", b"061Y")
    assert [warnings(c) for c in (content, good, content)] == [{"W_VR_INVALID"}, set(), {"W_VR_INVALID"}]


def test_d21_a_name_in_a_numeric_element_that_is_needed_is_rejected_every_time() -> None:
    content = with_raw(instance(), (0x0020, 0x0012), b"IS", MARKER.encode())
    assert [code(content), code(content)] == ["E_VR_INVALID", "E_VR_INVALID"]


def test_pydicom_prints_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    ds = instance()
    del ds.PatientBirthDate
    admit(with_raw(ds, (0x0010, 0x0030), b"DA", b"Zebedee!"))
    assert not [str(w.message) for w in recwarn if "Zebedee" in str(w.message)]


def test_h03_a_name_in_specific_character_set_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "named.dcm"
    path.write_bytes(with_raw(instance(), (0x0008, 0x0005), b"CS", MARKER.encode()))
    script = """
import logging, sys
from pathlib import Path
from idh_tasks.intake.gate.instance import admit
logging.basicConfig(level=logging.DEBUG)
print([warning.code for warning in admit(Path(sys.argv[1]).read_bytes()).warnings])
"""
    completed = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert "W_CHARSET" in completed.stdout
    assert "Zebedee" not in completed.stdout + completed.stderr


def test_the_given_bytes_are_not_changed() -> None:
    content = dicom_bytes(instance())
    copied = bytes(bytearray(content))
    admit(content)
    assert content == copied
