"""Elements as bytes: the same bytes as pydicom writes, and a VR where implicit encoding leaves it open."""

import pytest
from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from idh_tasks.dicom.elements import Surroundings, alone, encode, glance, raw, written
from tests.factories import instance

PLAIN = Surroundings((), 0)


def by_pydicom(element: DataElement, charset: list[str]) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_data_element(buffer, element, charset)
    return buffer.getvalue()


@pytest.mark.parametrize("element", list(instance()), ids=lambda element: element.keyword)
def test_an_element_is_written_as_pydicom_writes_it(element: DataElement) -> None:
    if element.keyword != "PixelData":
        assert written(encode(element, PLAIN)) == by_pydicom(element, ["iso8859"])


def test_text_is_written_in_the_charset_of_its_data_set() -> None:
    ds = Dataset()
    ds.SpecificCharacterSet, ds.SeriesDescription = "ISO_IR 192", "Schädel"
    around = Surroundings.of(ds)
    encoded = encode(ds["SeriesDescription"], around)
    assert encoded.value == "Schädel".encode()
    assert alone(encoded, around).SeriesDescription == "Schädel"


def test_a_value_of_odd_length_is_padded() -> None:
    assert written(raw(0x00080060, "CS", b"MR ")) == b"\x08\0\x60\0CS\4\0MR \0"


def test_a_value_of_undefined_length_ends_with_its_delimiter() -> None:
    pixels = raw(0x7FE00010, "OB", b"\xfe\xff\0\xe0\0\0\0\0", undefined_length=True)
    assert written(pixels).endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    assert written(pixels)[8:12] == b"\xff\xff\xff\xff"


@pytest.mark.parametrize(("signed", "vr", "value"), [(0, "US", 65535), (1, "SS", -1)])
def test_what_implicit_encoding_leaves_open_is_read_by_the_pixels_sign(signed: int, vr: str, value: int) -> None:
    implicit = RawDataElement(raw(0x00280106, "", b"").tag, None, 2, b"\xff\xff", 0, True, True)
    around = Surroundings((), signed)
    found = encode(alone(implicit, around)[0x00280106], around)
    assert (found.VR, alone(found, around).SmallestImagePixelValue) == (vr, value)


def test_a_glance_leaves_bytes_bytes() -> None:
    ds = alone(raw(0x00080060, "CS", b"MR"), PLAIN)
    assert glance(ds).Modality == "MR"
    assert isinstance(ds.get_item("Modality"), RawDataElement)
