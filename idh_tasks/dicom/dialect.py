"""Reads what vendors write in places of their own."""

import re
import struct

from pydicom import Dataset

GE_OFFSET = 1_000_000_000
B_VALUES = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x0043, "GEMS_PARM_01", 0x39),
    (0x2001, "Philips Imaging DD 001", 0x03),
    (0x0065, "Image Private Header", 0x09),
)
"""Group, creator and element of the b-value: Siemens, GE (where 10⁹ may be added), Philips and United Imaging."""


def b_value(ds: Dataset) -> float | None:
    """Return the b-value in s/mm², from the standard element (0018,9087) or the vendor's own."""
    if ds.get("DiffusionBValue") is not None:
        return float(ds.DiffusionBValue)
    if not any(tag.is_private for tag in list(ds.keys())):
        return None
    found = (_private(ds, *place) for place in B_VALUES)
    value = next((number for number in found if number is not None), None)
    return None if value is None else value % GE_OFFSET


def _private(ds: Dataset, group: int, creator: str, element: int) -> float | None:
    """Return the first number of a private element, also where its VR was lost (UN)."""
    try:
        value = ds.private_block(group, creator)[element].value
    except KeyError:
        return None
    if isinstance(value, bytes) and not value.isascii() and len(value) == 4:
        return float(struct.unpack("<f", value)[0])
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    number = re.search(r"-?\d+(\.\d+)?", text)
    return float(number.group()) if number else None
