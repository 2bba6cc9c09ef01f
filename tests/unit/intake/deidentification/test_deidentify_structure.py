"""Private numbers, pixels, encoding and declarations of a de-identified data set."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from idh_tasks.dicom.elements import MAX_CACHED_BYTES
from idh_tasks.dicom.files import encode_file
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser
from tests.factories import MARKER, dicom_bytes, instance

SECRET = Pseudonymiser("s" * 32)
PATIENT = PatientKey("pseudonym")
SIEMENS = (0x0019, "SIEMENS MR HEADER")
NORMAL = (0x0099, "IDH PLATFORM")
UPPER_BITS = np.arange(64, dtype=np.uint16) | np.uint16(0x8000)


def clean(ds: Dataset) -> Dataset:
    return deidentify(ds, PATIENT, SECRET)


def read(ds: Dataset) -> Dataset:
    """Return a data set as read from a file: its elements are still raw bytes."""
    return dcmread(BytesIO(dicom_bytes(ds)))


def with_private(place: tuple[int, str], offset: int, vr: str, value: Any) -> Dataset:
    ds = instance()
    ds.private_block(*place, create=True).add_new(offset, vr, value)
    return ds


def kept(ds: Dataset, place: tuple[int, str], offset: int) -> Any:
    """Return a private value, or None if it or its block was removed."""
    try:
        return ds.private_block(*place)[offset].value
    except KeyError:
        return None


@pytest.mark.parametrize(
    ("vr", "value", "number"),
    [
        ("US", 35, 35),
        ("IS", "-7", -7),
        ("FD", [0.5, 1 / 3], [0.5, 0.3333333333]),
        ("DS", ["1", "2.5"], [1, 2.5]),
        ("UN", b"35", 35),
        ("UN", b"1\\2.5 \0", [1, 2.5]),
        ("LO", MARKER, None),
        ("LO", ["1", MARKER], None),
        ("UN", MARKER.encode(), None),
        ("UN", b"X35X", None),
        ("UN", b"\xff\xfe", None),
        ("LO", "", None),
        ("US", None, None),
        ("SQ", Sequence([Dataset()]), None),
    ],
)
def test_a_safe_private_element_is_kept_if_it_holds_numbers(vr: str, value: Any, number: Any) -> None:
    assert kept(clean(with_private(SIEMENS, 0x0A, vr, value)), SIEMENS, 0x0A) == number


def test_a_safe_private_element_of_an_unknown_vr_is_removed() -> None:
    ds = with_private(SIEMENS, 0x0A, "US", 35)
    tag = Tag(0x0019100A)
    ds._dict[tag] = RawDataElement(tag, "ZZ", 2, b"35", 0, is_implicit_VR=False, is_little_endian=True)
    out = clean(ds)
    assert kept(out, SIEMENS, 0x0A) is None
    assert out.RepetitionTime == 500


@pytest.mark.parametrize(
    ("place", "offset"),
    [(SIEMENS, 0x0B), ((0x0019, "MARKER CORP"), 0x0A), ((0x0021, "SIEMENS MR HEADER"), 0x0A)],
)
def test_a_private_number_that_is_not_listed_is_removed_with_its_block(place: tuple[int, str], offset: int) -> None:
    out = clean(with_private(place, offset, "US", 35))
    assert not any(element.tag.is_private for element in out)


def test_a_private_creator_keeps_its_spelling_and_shares_its_group_with_others() -> None:
    ds = with_private((0x0019, "MARKER CORP"), 0x0A, "US", 1)
    ds.private_block(0x0019, "Siemens MR Header", create=True).add_new(0x0A, "US", 2)
    ds.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", 1000)
    out = clean(ds)
    assert kept(out, (0x0019, "MARKER CORP"), 0x0A) is None
    assert kept(out, (0x0019, "Siemens MR Header"), 0x0A) == 2
    assert kept(out, (0x2001, "Philips Imaging DD 001"), 0x03) == 1000


def test_safe_private_numbers_in_sequence_items_are_kept() -> None:
    item = with_private((0x0009, "MARKER CORP"), 0x0A, "LO", MARKER)
    item.private_block(*SIEMENS, create=True).add_new(0x0A, "US", 35)
    (found,) = clean(instance(PerFrameFunctionalGroupsSequence=Sequence([item]))).PerFrameFunctionalGroupsSequence
    assert kept(found, SIEMENS, 0x0A) == 35
    assert kept(found, (0x0009, "MARKER CORP"), 0x0A) is None
    assert found.RepetitionTime == 500


def test_a_missing_b_value_stays_missing() -> None:
    assert "DiffusionBValue" not in clean(instance())
    assert clean(instance(DiffusionBValue=0.0)).DiffusionBValue == 0


def test_the_slice_normal_is_kept_for_mosaics_only() -> None:
    for image_type, normal in ((["ORIGINAL", "MOSAIC"], [0, 0.6, 0.8]), (["ORIGINAL", "PRIMARY"], None)):
        ds = with_private(NORMAL, 0x01, "FD", [0, 0.6, 0.8])
        ds.ImageType = image_type
        assert kept(clean(ds), NORMAL, 0x01) == normal
    assert kept(clean(instance(ImageType=["ORIGINAL", "MOSAIC"])), NORMAL, 0x01) is None


def with_overlay(group: int, bit: int, **values: Any) -> Dataset:
    ds = instance(**{"BitsStored": 12, "HighBit": 11, "PixelData": UPPER_BITS.tobytes(), **values})
    ds.add_new((group, 0x0102), "US", bit)
    return ds


@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x60FE])
def test_an_overlay_in_the_upper_bits_of_any_group_is_cleared(group: int) -> None:
    out = clean(with_overlay(group, 15))
    assert out.PixelData == np.arange(64, dtype=np.uint16).tobytes()
    assert (group, 0x0102) not in out


def test_clearing_an_overlay_keeps_every_stored_bit() -> None:
    ds = with_overlay(0x6000, 15, PixelData=np.full(64, 0xFFFF, dtype=np.uint16).tobytes())
    assert clean(ds).PixelData == np.full(64, 0x0FFF, dtype=np.uint16).tobytes()


def test_pixels_without_an_embedded_overlay_are_unchanged() -> None:
    without = instance(BitsStored=12, HighBit=11, PixelData=UPPER_BITS.tobytes())
    elsewhere = with_overlay(0x6000, 0)
    eight_bits = with_overlay(0x6000, 7, BitsAllocated=8, BitsStored=7, HighBit=6, PixelData=b"\xff" * 64)
    compressed = with_overlay(0x6000, 15)
    compressed.compress(RLELossless)
    for ds in (without, elsewhere, eight_bits, compressed):
        assert clean(ds).PixelData == ds.PixelData


def test_the_vr_of_the_pixels_follows_from_their_size_and_compression() -> None:
    compressed = instance()
    compressed.compress(RLELossless)
    eight_bits = instance(BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=b"\1" * 64)
    unstated = instance(PixelData=b"\1" * 64)
    del unstated.BitsAllocated
    for ds, vr, undefined in (
        (instance(), "OW", False),
        (eight_bits, "OB", False),
        (unstated, "OB", False),
        (compressed, "OB", True),
    ):
        element = clean(ds)["PixelData"]
        assert (element.VR, element.is_undefined_length) == (vr, undefined)


def test_a_data_set_without_pixels_gets_none() -> None:
    ds = instance()
    del ds.PixelData
    assert "PixelData" not in clean(ds)


@pytest.mark.parametrize(
    "tag",
    [0x00041500, 0x00189999, 0x50003000, 0x50FE0010, 0x60000022, 0x60FE3000, 0x00090011],
    ids="{:08X}".format,
)
def test_curves_overlays_and_unknown_attributes_are_removed(tag: int) -> None:
    ds = instance()
    ds.add_new(tag, "LO", "1")
    assert tag not in clean(ds)


def test_an_unreadable_value_is_removed_and_the_rest_is_kept() -> None:
    ds = read(instance())
    tag = Tag("SamplesPerPixel")
    ds._dict[tag] = RawDataElement(tag, "US", 3, b"abc", 0, is_implicit_VR=False, is_little_endian=True)
    out = clean(ds)
    assert "SamplesPerPixel" not in out
    assert out.RepetitionTime == 500


def several() -> Dataset:
    """Return an instance with one value of each kind, some too long for the cache."""
    ds = instance(
        SOPInstanceUID="1.2.3.4.5",
        ImageComments=f"flair of {MARKER} " * MAX_CACHED_BYTES,
        Manufacturer=f"x{MARKER}" * MAX_CACHED_BYTES,
        SeriesDescription="t1",
        AcquisitionDateTime="20180304101112",
        SmallestImagePixelValue=3,
        ReferencedImageSequence=Sequence([instance(SOPInstanceUID="1.2.3.4.5")]),
    )
    ds.private_block(*SIEMENS, create=True).add_new(0x0A, "US", 35)
    return ds


def test_a_data_set_from_a_file_and_one_from_memory_give_the_same_bytes() -> None:
    assert encode_file(clean(read(several()))) == encode_file(clean(several()))


def test_the_input_is_not_modified() -> None:
    for ds in (several(), read(several())):
        before = dicom_bytes(ds)
        clean(ds)
        assert dicom_bytes(ds) == before


def test_text_keeps_its_character_set() -> None:
    out = clean(read(instance(SpecificCharacterSet="ISO_IR 192", Manufacturer="Schädel")))
    assert out.Manufacturer == "Schädel"
    assert dcmread(BytesIO(encode_file(out))).Manufacturer == "Schädel"
    assert out.original_character_set == ["UTF8"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (ImplicitVRLittleEndian, ExplicitVRLittleEndian),
        (ExplicitVRLittleEndian, ExplicitVRLittleEndian),
        (DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian),
        (ExplicitVRBigEndian, ExplicitVRBigEndian),
    ],
)
def test_the_file_meta_contains_only_the_transfer_syntax_in_its_explicit_form(given: UID, stored: UID) -> None:
    ds = instance()
    ds.file_meta.TransferSyntaxUID = given
    ds.file_meta.SourceApplicationEntityTitle = "DOUGAL"
    expected = FileMetaDataset()
    expected.TransferSyntaxUID = stored
    assert clean(ds).file_meta == expected
    assert clean(ds).original_encoding == (False, True)


def test_the_applied_options_are_declared_with_the_codes_of_the_standard() -> None:
    out = clean(instance())
    assert (out.PatientID, out.PatientName) == (PATIENT, PATIENT)
    assert out.PatientIdentityRemoved == "YES"
    assert out.DeidentificationMethod == "PS3.15 annex E by idh"
    assert [
        (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning)
        for code in out.DeidentificationMethodCodeSequence
    ] == [
        ("113100", "DCM", "Basic Application Confidentiality Profile"),
        ("113105", "DCM", "Clean Descriptors Option"),
        ("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option"),
        ("113108", "DCM", "Retain Patient Characteristics Option"),
        ("113111", "DCM", "Retain Safe Private Option"),
    ]
