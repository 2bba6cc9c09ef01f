"""Elements are encoded to the bytes that pydicom writes; ambiguous VRs of implicit encoding are resolved."""

import pytest
from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from idh_tasks.dicom.elements import (
    ElementContext,
    element_bytes,
    encode_element,
    raw_element,
    reading_copy,
    standalone,
)
from tests.factories import instance

DEFAULT = ElementContext((), 0)


def by_pydicom(element: DataElement, charset: list[str]) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_data_element(buffer, element, charset)
    return buffer.getvalue()


@pytest.mark.parametrize("element", list(instance()), ids=lambda element: element.keyword)
def test_an_element_is_written_as_pydicom_writes_it(element: DataElement) -> None:
    if element.keyword != "PixelData":
        assert element_bytes(encode_element(element, DEFAULT)) == by_pydicom(element, ["iso8859"])


def test_text_is_written_in_the_charset_of_its_data_set() -> None:
    ds = Dataset()
    ds.SpecificCharacterSet, ds.SeriesDescription = "ISO_IR 192", "Schädel"
    context = ElementContext.of(ds)
    encoded = encode_element(ds["SeriesDescription"], context)
    assert encoded.value == "Schädel".encode()
    assert standalone(encoded, context).SeriesDescription == "Schädel"


def test_a_value_of_odd_length_is_padded() -> None:
    assert element_bytes(raw_element(0x00080060, "CS", b"MR ")) == b"\x08\0\x60\0CS\4\0MR \0"


def test_a_value_of_undefined_length_ends_with_its_delimiter() -> None:
    pixels = raw_element(0x7FE00010, "OB", b"\xfe\xff\0\xe0\0\0\0\0", undefined_length=True)
    assert element_bytes(pixels).endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    assert element_bytes(pixels)[8:12] == b"\xff\xff\xff\xff"


@pytest.mark.parametrize(("signed", "vr", "value"), [(0, "US", 65535), (1, "SS", -1)])
def test_an_ambiguous_vr_is_resolved_by_the_pixel_representation(signed: int, vr: str, value: int) -> None:
    implicit = RawDataElement(raw_element(0x00280106, "", b"").tag, None, 2, b"\xff\xff", 0, True, True)
    context = ElementContext((), signed)
    encoded = encode_element(standalone(implicit, context)[0x00280106], context)
    assert (encoded.VR, standalone(encoded, context).SmallestImagePixelValue) == (vr, value)


def test_reading_a_copy_leaves_the_original_as_bytes() -> None:
    ds = standalone(raw_element(0x00080060, "CS", b"MR"), DEFAULT)
    assert reading_copy(ds).Modality == "MR"
    assert isinstance(ds.get_item("Modality"), RawDataElement)
