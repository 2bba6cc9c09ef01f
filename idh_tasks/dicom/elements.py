"""Elements as bytes: they compare and hash, so what was done to one is done to all its equals."""

import struct
from copy import copy
from dataclasses import dataclass

from pydicom import DataElement, Dataset
from pydicom.charset import convert_encodings, default_encoding
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_data_element
from pydicom.tag import Tag
from pydicom.valuerep import AMBIGUOUS_VR, EXPLICIT_VR_LENGTH_32

MAX_REMEMBERED_BYTES = 1024
"""Larger values are worked on each time."""
UNDEFINED_LENGTH = 0xFFFFFFFF
DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
SHORT, LONG = struct.Struct("<HH2sH"), struct.Struct("<HH2sxxI")


@dataclass(frozen=True)
class Surroundings:
    """What the bytes of an element mean depends on these two of its data set."""

    charset: tuple[str, ...]
    pixel_representation: int | None

    @classmethod
    def of(cls, ds: Dataset) -> "Surroundings":
        """Return the surroundings of the elements of a data set."""
        terms = ds.get("SpecificCharacterSet")
        return cls(tuple(convert_encodings(terms)) if terms else (), ds.get("PixelRepresentation"))

    @property
    def encodings(self) -> list[str] | str:
        """Return the names of the charset as pydicom compares them."""
        return list(self.charset) or default_encoding


def glance(ds: Dataset) -> Dataset:
    """Return a data set to read from: what is read there becomes a value, and stays bytes in the one given."""
    view = copy(ds)
    view._dict = dict(ds._dict)
    return view


def alone(element: RawDataElement, around: Surroundings) -> Dataset:
    """Return a data set that holds one element and reads it as the one did that it comes from."""
    ds = _signed(around)
    ds.set_original_encoding(element.is_implicit_VR, element.is_little_endian, around.encodings)
    ds[element.tag] = element
    return ds


def raw(tag: int, vr: str, value: bytes, *, undefined_length: bool = False) -> RawDataElement:
    """Return an element of explicit VR little endian by its bytes, padded to an even length (PS3.5 7.1)."""
    value += b"\0" * (len(value) % 2)
    length = UNDEFINED_LENGTH if undefined_length else len(value)
    return RawDataElement(Tag(tag), vr, length, value, 0, is_implicit_VR=False, is_little_endian=True)


def encode(element: DataElement, around: Surroundings) -> RawDataElement:
    """Return an element as its bytes in explicit VR little endian (PS3.5 7.1.2)."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = False, True
    write_data_element(buffer, _unambiguous(element, around), around.encodings)
    content = buffer.getvalue()
    vr = content[4:6].decode("ascii")
    value = content[(LONG if vr in EXPLICIT_VR_LENGTH_32 else SHORT).size :]
    if not element.is_undefined_length:
        return raw(element.tag, vr, value)
    return raw(element.tag, vr, value.removesuffix(DELIMITER), undefined_length=True)


def written(element: RawDataElement) -> bytes:
    """Return an encoded element as it stands in a file."""
    vr, tag = element.VR or "UN", element.tag
    head = (LONG if vr in EXPLICIT_VR_LENGTH_32 else SHORT).pack(tag.group, tag.element, vr.encode(), element.length)
    end = DELIMITER if element.length == UNDEFINED_LENGTH else b""
    return b"".join((head, element.value or b"", end))


def _unambiguous(element: DataElement, around: Surroundings) -> DataElement:
    """Choose the VR where implicit encoding leaves it open, in items too (PS3.5 6.2)."""
    if element.VR not in AMBIGUOUS_VR and element.VR != "SQ":
        return element
    ds = _signed(around)
    ds[element.tag] = copy(element)
    return correct_ambiguous_vr(ds, is_little_endian=True)[element.tag]


def _signed(around: Surroundings) -> Dataset:
    ds = Dataset()
    if around.pixel_representation is not None:
        ds.PixelRepresentation = around.pixel_representation
    return ds
