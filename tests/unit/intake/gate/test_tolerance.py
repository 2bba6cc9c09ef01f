"""Accepted with a warning: UIDs with zeros, padding, a missing name; and decoded: JPEG-LS, JPEG 2000."""

from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.imaging.assembly import read_all
from idh_tasks.imaging.pixels import read_pixels
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from idh_tasks.intake.gate.instance import admit
from tests.factories import dicom_bytes, instance
from tests.files import item, with_raw

PSEUDONYMS = Pseudonymiser("s" * 32)
HIDDEN = b"Quendolin Marker"
PIXELS = (0x7FE0, 0x0010)
ZEROS, PLAIN = "1.2.00.034.5", "1.2.0.34.5"
UIDS = {"StudyInstanceUID": (0x0020, 0x000D), "SeriesInstanceUID": (0x0020, 0x000E), "SOPInstanceUID": (0x0008, 0x0018)}
RAMP = np.arange(64, dtype=np.uint16).reshape(8, 8) * np.uint16(37)
HIGH_THROUGHPUT = bytes.fromhex(
    "ff4fff5100294000000000080000000800000000000000000000000800000008000000000000000000010f0101ff50000800020000000aff5200"
    "0c00020001000504044001ff5c00132088909090909090909090909090888888ff64001700014f70656e4a50482056657220302e32362e332eff"
    "90000a0000000000590001ff93c000260dfa050774000000c00012c000130050018774008cfa03077400c000134000138024d2010274003295e9"
    "00a35400c0002a20001560088220aa708275004e3a71e2e4c04201ecb600ffd9"
)
"""RAMP as encoded by OpenJPH 0.26; no library that is installed here encodes High-Throughput JPEG 2000."""

UNSIGNED_JPEG_2000 = bytes.fromhex(
    "ff4fff5100290000000000080000000800000000000000000000000800000008000000000000000000010b0101ff52000c000000010000040400"
    "01ff5c00044060ff640025000143726561746564206279204f70656e4a5045472076657273696f6e20322e352e34ff90000a0000000000660001"
    "ff93cfe55408e17894d6fa1b0e70a10f545e047b00439ab764fdf85ded65f97a7c56a04fc8edbb11e1c3aaecf1fdfe4aec10bc13128fee94ccaa"
    "66000000ac0200010143546db830b58c0cf0d756dda15c26fd6be5e5e5e5e5e5ffd9"
)
"""Signed pixels of 12 bits that OpenJPEG 2.5 was told are unsigned, as some archives do."""


def clean(content: bytes) -> Dataset:
    return deidentify(admit(content).ds, PatientKey("p"), PSEUDONYMS)


def codes(content: bytes) -> list[str]:
    return [warning.code for warning in admit(content).warnings]


def code(content: bytes) -> str:
    with pytest.raises(InstanceRejectedError) as caught:
        admit(content)
    assert HIDDEN.decode() not in str(caught.value)
    return caught.value.code


def with_uid(keyword: str, uid: bytes) -> bytes:
    """Return a file with a UID that pydicom would not write, in the file meta information too if it names the file."""
    content = with_raw(instance(SOPInstanceUID="1.2.3.4.9"), UIDS[keyword], b"UI", uid)
    return renamed(content, uid) if keyword == "SOPInstanceUID" else content


def renamed(content: bytes, uid: bytes) -> bytes:
    """Return a file whose file meta information names another instance; its group length follows."""
    start = content.index(b"\x02\x00\x03\x00UI")
    length = int.from_bytes(content[start + 6 : start + 8], "little")
    value = uid + b"\0" * (len(uid) % 2)
    element = content[start : start + 6] + len(value).to_bytes(2, "little") + value if value else b""
    changed = content[:start] + element + content[start + 8 + length :]
    total = int.from_bytes(content[140:144], "little") + len(changed) - len(content)
    return changed[:140] + total.to_bytes(4, "little") + changed[144:]


def jpeg_ls(stored: np.ndarray, **overrides: Any) -> bytes:
    ds = instance(PixelData=stored.tobytes(), **overrides)
    if stored.ndim == 3:
        ds.NumberOfFrames = len(stored)
    ds.compress(JPEGLSLossless)
    ds.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)
    return dicom_bytes(ds)


def streamed(stream: bytes, syntax: UID, **overrides: Any) -> bytes:
    """Return a file with a compressed image."""
    ds = instance(PixelData=encapsulate([stream]), **overrides)
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    ds.file_meta.TransferSyntaxUID = syntax
    return dicom_bytes(ds)


def decoded(content: bytes) -> np.ndarray:
    """Return the pixels of a file as preprocessing reads them from the store."""
    (frame,) = read_all([encode_file(clean(content))])
    return read_pixels(frame)


@pytest.mark.parametrize("keyword", UIDS)
def test_a_uid_with_leading_zeros_is_taken_as_it_stands_and_replaced(keyword: str) -> None:
    content = with_uid(keyword, ZEROS.encode())

    assert codes(content) == ["W_UID_ZEROS"]
    assert clean(content)[keyword].value == PSEUDONYMS.uid(ZEROS) != PSEUDONYMS.uid(PLAIN)
    assert ZEROS.encode() not in encode_file(clean(content))


@pytest.mark.parametrize("padding", [b"", b" ", b"\0", b"  "])
def test_the_pseudonym_of_a_uid_does_not_depend_on_its_padding(padding: bytes) -> None:
    for uid in (ZEROS, PLAIN):
        content = with_uid("SeriesInstanceUID", uid.encode() + padding)
        assert clean(content).SeriesInstanceUID == PSEUDONYMS.uid(uid)


def test_a_reference_to_a_uid_with_leading_zeros_keeps_its_object() -> None:
    referring = clean(with_raw(instance(), (0x0008, 0x1155), b"UI", ZEROS.encode()))

    assert referring.ReferencedSOPInstanceUID == clean(with_uid("SOPInstanceUID", ZEROS.encode())).SOPInstanceUID


def test_a_sop_class_with_leading_zeros_is_none_of_the_standard() -> None:
    assert code(with_raw(instance(), (0x0008, 0x0016), b"UI", b"1.2.840.10008.5.1.4.1.1.04")) == "E_BAD_UID"


def test_two_spellings_of_one_name_are_two_instances() -> None:
    assert code(renamed(with_uid("SOPInstanceUID", ZEROS.encode()), PLAIN.encode())) == "E_UID_MISMATCH"


def test_a_file_without_its_name_is_stored_as_with_it() -> None:
    named = dicom_bytes(instance(SOPInstanceUID="1.2.3.4.5"))
    nameless = renamed(named, b"")

    assert codes(nameless) == ["W_FILE_META"]
    assert encode_file(clean(nameless)) == encode_file(clean(named))


@pytest.mark.parametrize("filling", [b"\0", b"\xff", b" "])
@pytest.mark.parametrize("size", [2, 10, 126])
@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_padding_after_the_pixels_is_dropped(syntax: UID, size: int, filling: bytes) -> None:
    plain, padded = instance(SOPInstanceUID="1.2.3.4.5"), instance(SOPInstanceUID="1.2.3.4.5")
    padded.PixelData = plain.PixelData + filling * size
    for ds in (plain, padded):
        ds["PixelData"].VR = "OW"
        ds.file_meta.TransferSyntaxUID = syntax

    written = [written_as(ds, syntax) for ds in (plain, padded)]

    assert codes(written[1]) == ["W_PIXEL_PADDING"]
    assert encode_file(clean(written[1])) == encode_file(clean(written[0]))


def written_as(ds: Dataset, syntax: UID) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    ds.save_as(
        buffer, enforce_file_format=True, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    "rest",
    [b"\0" * 128, b"\0" * 4096, HIDDEN, b"\0" * 8 + HIDDEN, b"\1\0" * 8],
    ids=["an image of zeros", "many", "text", "text after zeros", "pixels"],
)
def test_what_may_be_a_part_of_the_image_is_no_padding(rest: bytes) -> None:
    assert code(dicom_bytes(instance(PixelData=RAMP.tobytes() + rest))) == "E_PIXEL_LENGTH"


def test_padding_of_several_frames_and_of_odd_sizes_is_dropped() -> None:
    frames = instance(NumberOfFrames=3, PixelData=RAMP.tobytes() * 3 + b"\0" * 100)
    odd = instance(Rows=5, Columns=5, BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=bytes(range(25)) + b"\0" * 7)
    odd["PixelData"].VR = "OB"

    assert codes(dicom_bytes(frames)) == codes(dicom_bytes(odd)) == ["W_PIXEL_PADDING"]
    assert len(clean(dicom_bytes(frames)).PixelData) == 384
    assert clean(dicom_bytes(odd)).PixelData == bytes(range(25)) + b"\0"


def test_one_byte_that_makes_an_odd_length_even_is_no_fault() -> None:
    odd = instance(Rows=5, Columns=5, BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=bytes(range(25)) + b"\0")
    odd["PixelData"].VR = "OB"

    assert codes(dicom_bytes(odd)) == []


@pytest.mark.parametrize("bits", [9, 10, 12, 13, 15, 16])
@pytest.mark.parametrize("frames", [1, 3])
def test_signed_jpeg_ls_with_fewer_stored_bits_is_decoded(bits: int, frames: int) -> None:
    low = -(1 << (bits - 1))
    stored = np.linspace(low, -low - 1, 64 * frames).astype(np.int16).reshape(frames, 8, 8)
    header = {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": 1}

    content = jpeg_ls(stored if frames > 1 else stored[0], **header)

    assert codes(content) == []
    assert (admit(content).ds.pixel_array.reshape(stored.shape) == stored).all()
    if frames == 1:
        assert (decoded(content) == stored[0]).all()


def test_unsigned_jpeg_ls_stays_as_it_is() -> None:
    assert (decoded(jpeg_ls(RAMP, BitsStored=12, HighBit=11)) == RAMP).all()


def test_signed_pixels_in_an_unsigned_jpeg_2000_stream_are_decoded() -> None:
    content = streamed(UNSIGNED_JPEG_2000, JPEG2000Lossless, BitsStored=12, HighBit=11, PixelRepresentation=1)

    assert codes(content) == []
    assert (decoded(content) == np.linspace(-2048, 2047, 64).astype(np.int16).reshape(8, 8)).all()


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K])
def test_high_throughput_jpeg_2000_is_decoded(syntax: UID) -> None:
    content = streamed(HIGH_THROUGHPUT, syntax)

    assert codes(content) == []
    assert (decoded(content) == RAMP).all()


def test_a_damaged_high_throughput_stream_is_refused_by_name() -> None:
    with pytest.raises(InstanceRejectedError, match=HTJ2K) as caught:
        admit(streamed(HIGH_THROUGHPUT[:60], HTJ2K))
    assert caught.value.code == "E_DECODE"


@pytest.mark.parametrize("rest", [b"", item(b""), item(b"\0" * 64)], ids=["none", "empty", "zeros"])
def test_an_item_after_the_last_frame_does_not_hide_it(rest: bytes) -> None:
    stored = np.stack([RAMP, RAMP + 1])
    ds = instance(PixelData=stored.tobytes(), NumberOfFrames=2)
    ds.compress(RLELossless)
    ds.PixelData += rest
    ds.file_meta.MediaStorageSOPInstanceUID = UID(ds.SOPInstanceUID)

    assert (admit(dicom_bytes(ds)).ds.pixel_array == stored).all()
