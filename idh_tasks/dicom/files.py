"""Writes a data set as a DICOM file (PS3.10 7)."""

import struct
from io import BytesIO

from pydicom import DataElement, Dataset, dcmwrite
from pydicom.dataelem import RawDataElement
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRBigEndian

from idh_tasks.dicom.elements import ElementContext, element_bytes, encode_element, raw_element, reading_copy

START = b"\0" * 128 + b"DICM"
META, VERSION = 0x00020000, b"\0\1"


def part10(sop_class: str, instance: str, syntax: str, body: bytes) -> bytes:
    """Return the bytes of a file: an empty preamble, the file meta information and an encoded data set."""
    uids = {2: sop_class, 3: instance, 0x10: syntax, 0x12: PYDICOM_IMPLEMENTATION_UID}
    elements = (element_bytes(raw_element(META + number, "UI", uid.encode())) for number, uid in uids.items())
    meta = b"".join((element_bytes(raw_element(META + 1, "OB", VERSION)), *elements))
    return b"".join((START, element_bytes(raw_element(META, "UL", struct.pack("<I", len(meta)))), meta, body))


def encode_file(ds: Dataset) -> bytes:
    """Return the bytes of a file.

    Elements that already are bytes, in explicit VR little endian, are copied: pydicom's own writer takes ten times
    longer for them.
    """
    view, syntax = reading_copy(ds), ds.file_meta.TransferSyntaxUID
    if syntax == ExplicitVRBigEndian:
        return _big_endian_file(ds)
    context = ElementContext.of(view)
    body = b"".join(element_bytes(_as_bytes(ds.get_item(tag), context)) for tag in sorted(ds.keys()))
    return part10(view.SOPClassUID, view.SOPInstanceUID, syntax, body)


def _as_bytes(element: DataElement | RawDataElement, context: ElementContext) -> RawDataElement:
    return element if isinstance(element, RawDataElement) else encode_element(element, context)


def _big_endian_file(ds: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()
