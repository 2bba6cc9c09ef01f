"""Elements as bytes: they can be compared and hashed, so equal elements need to be processed only once."""

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

MAX_CACHED_BYTES = 1024
"""Larger values are processed every time."""
UNDEFINED_LENGTH = 0xFFFFFFFF
DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
SHORT, LONG = struct.Struct("<HH2sH"), struct.Struct("<HH2sxxI")


@dataclass(frozen=True)
class ElementContext:
    """The two attributes of a data set that decide how the bytes of its elements are read."""

    charset: tuple[str, ...]
    pixel_representation: int | None

    @classmethod
    def of(cls, ds: Dataset) -> "ElementContext":
        """Return the context of the elements of a data set."""
        terms = ds.get("SpecificCharacterSet")
        return cls(tuple(convert_encodings(terms)) if terms else (), ds.get("PixelRepresentation"))

    @property
    def encodings(self) -> list[str] | str:
        """Return the character encodings in the form in which pydicom compares them."""
        return list(self.charset) or default_encoding


def reading_copy(ds: Dataset) -> Dataset:
    """Return a shallow copy to read from: reading converts its elements to values, and leaves the original as bytes."""
    view = copy(ds)
    view._dict = dict(ds._dict)
    return view


def standalone(element: RawDataElement, context: ElementContext) -> Dataset:
    """Return a data set with this one element, which reads it as the data set that the element comes from."""
    ds = _signed(context)
    ds.set_original_encoding(element.is_implicit_VR, element.is_little_endian, context.encodings)
    ds[element.tag] = element
    return ds


def raw_element(tag: int, vr: str, value: bytes, *, undefined_length: bool = False) -> RawDataElement:
    """Return an element in explicit VR little endian from its bytes, padded to an even length (PS3.5 7.1)."""
    value += b"\0" * (len(value) % 2)
    length = UNDEFINED_LENGTH if undefined_length else len(value)
    return RawDataElement(Tag(tag), vr, length, value, 0, is_implicit_VR=False, is_little_endian=True)


def encode_element(element: DataElement, context: ElementContext) -> RawDataElement:
    """Return an element as its bytes in explicit VR little endian (PS3.5 7.1.2)."""
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = False, True
    write_data_element(buffer, _unambiguous(element, context), context.encodings)
    content = buffer.getvalue()
    vr = content[4:6].decode("ascii")
    value = content[(LONG if vr in EXPLICIT_VR_LENGTH_32 else SHORT).size :]
    if not element.is_undefined_length:
        return raw_element(element.tag, vr, value)
    return raw_element(element.tag, vr, value.removesuffix(DELIMITER), undefined_length=True)


def element_bytes(element: RawDataElement) -> bytes:
    """Return an encoded element as a file holds it."""
    vr, tag = element.VR or "UN", element.tag
    head = (LONG if vr in EXPLICIT_VR_LENGTH_32 else SHORT).pack(tag.group, tag.element, vr.encode(), element.length)
    end = DELIMITER if element.length == UNDEFINED_LENGTH else b""
    return b"".join((head, element.value or b"", end))


def _unambiguous(element: DataElement, context: ElementContext) -> DataElement:
    """Choose the VR where implicit encoding leaves it open, in items too (PS3.5 6.2)."""
    if element.VR not in AMBIGUOUS_VR and element.VR != "SQ":
        return element
    ds = _signed(context)
    ds[element.tag] = copy(element)
    return correct_ambiguous_vr(ds, is_little_endian=True)[element.tag]


def _signed(context: ElementContext) -> Dataset:
    ds = Dataset()
    if context.pixel_representation is not None:
        ds.PixelRepresentation = context.pixel_representation
    return ds
