"""Writes files with elements that no library would write; values may be invalid."""

import struct
from collections.abc import Iterable

from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from tests.factories import dicom_bytes

LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
Tag = tuple[int, int]


def raw(tag: Tag, vr: bytes, value: bytes) -> bytes:
    """Encode an element in explicit VR little endian."""
    value += b" " * (len(value) % 2)
    if vr in LONG:
        return struct.pack("<HH2sHI", *tag, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", *tag, vr, len(value)) + value


def raw_implicit(tag: Tag, value: bytes) -> bytes:
    """Encode an element in implicit VR little endian."""
    value += b" " * (len(value) % 2)
    return struct.pack("<HHI", *tag, len(value)) + value


def item(*elements: bytes) -> bytes:
    """Encode an item of a sequence."""
    content = b"".join(elements)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def with_elements(ds: Dataset, elements: Iterable[tuple[Tag, bytes]]) -> bytes:
    """Return the file of a data set with encoded elements at their places, instead of its own."""
    added = dict(elements)
    kept = Dataset()
    kept.file_meta = ds.file_meta
    for element in ds:
        if (element.tag.group, element.tag.element) not in added:
            kept.add(element)
    whole = dicom_bytes(kept)
    for tag in sorted(added, reverse=True):
        whole = _inserted(whole, kept, tag, added[tag])
    return whole


def with_raw(ds: Dataset, tag: Tag, vr: bytes, value: bytes) -> bytes:
    """Return the file of a data set with one hand-made element."""
    implicit = ds.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    return with_elements(ds, [(tag, raw_implicit(tag, value) if implicit else raw(tag, vr, value))])


def _inserted(whole: bytes, ds: Dataset, tag: Tag, element: bytes) -> bytes:
    """Insert an element into a file; the elements after it were inserted before."""
    before = Dataset()
    before.file_meta = ds.file_meta
    for one in ds:
        if (one.tag.group, one.tag.element) < tag:
            before.add(one)
    cut = len(dicom_bytes(before))
    return whole[:cut] + element + whole[cut:]
