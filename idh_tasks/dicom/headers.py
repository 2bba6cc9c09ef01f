"""Headers without pixels, which are kept for all instances of a study at once."""

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from idh_tasks.dicom.elements import raw_element

PIXEL_DATA = Tag("PixelData")
BULKY_BYTES = 32 * 2**10
"""Larger values are not kept: they are copies of protocols, overlays, contours and thumbnails."""
FUNCTIONAL_GROUPS, CSA_GROUP, CSA_IMAGE_HEADER = 0x5200, 0x0029, 0x10
"""What is read from a header and may be larger: all frames of an enhanced image, and where a mosaic's tiles lie."""


class Headers:
    """Makes headers that share equal elements: most are the same in all instances of a series."""

    def __init__(self) -> None:
        self._shared: dict[RawDataElement, RawDataElement] = {}

    def without_pixels(self, ds: Dataset) -> Dataset:
        """Return a new data set with all that names and checks of series read.

        Of uncompressed pixels two are left, which differ if any of the image do: a series of constant images has a
        fault.
        """
        header = Dataset()
        implicit, little_endian = ds.original_encoding
        header.set_original_encoding(implicit, little_endian, ds.original_character_set)
        header.file_meta = ds.file_meta
        kept = ((tag, one) for tag, one in ds._dict.items() if tag != PIXEL_DATA and not _is_bulky(one))
        header._dict = {tag: self._once(element) for tag, element in kept}
        pixels, bits = ds._dict.get(PIXEL_DATA), ds.get("BitsAllocated")
        if pixels is not None and bits and not ds.file_meta.TransferSyntaxUID.is_compressed:
            header._dict[PIXEL_DATA] = raw_element(PIXEL_DATA, "OW", _two_pixels(pixels.value or b"", bits))
        return header

    def _once(self, element: DataElement | RawDataElement) -> DataElement | RawDataElement:
        """Return the first element that equals this one, wherever in its file it stood."""
        if not isinstance(element, RawDataElement):
            return element
        anywhere = element._replace(value_tell=0)
        return self._shared.setdefault(anywhere, anywhere)


def _is_bulky(element: DataElement | RawDataElement) -> bool:
    value = element.value
    return isinstance(value, bytes) and len(value) > BULKY_BYTES and not _is_read(element.tag)


def _is_read(tag: BaseTag) -> bool:
    return tag.group == FUNCTIONAL_GROUPS or (tag.group == CSA_GROUP and tag.element & 0xFF == CSA_IMAGE_HEADER)


def _two_pixels(content: bytes, bits: int) -> bytes:
    """Return the first pixel and the first one that differs from it, or the first one twice."""
    pixels = np.frombuffer(content, dtype=f"<u{max(bits // 8, 1)}")
    if not pixels.size:
        return b""
    other = pixels[np.argmax(pixels != pixels[0])]
    return bytes(pixels[:1].tobytes() + other.tobytes())
