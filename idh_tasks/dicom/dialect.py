"""Reads numbers that vendors write into private elements."""

import math
import re
import struct
from typing import Any

from pydicom import Dataset

GE_OFFSET = 1_000_000_000
B_VALUES = (
    ("SIEMENS", 0x0019, "SIEMENS MR HEADER", 0x0C),
    ("GE", 0x0043, "GEMS_PARM_01", 0x39),
    ("PHILIPS", 0x2001, "Philips Imaging DD 001", 0x03),
    ("UIH", 0x0065, "Image Private Header", 0x09),
)
"""Vendor, group, creator and element of the b-value; GE may add 10⁹ to it."""
MAX_B_VALUE = 50_000.0
"""Larger values are no b-values in s/mm²."""
BINARY = {4: "<f", 8: "<d"}
"""How the bytes of a private number are read whose VR, FL or FD, was lost (UN)."""
SCALE_SLOPE = ("PHILIPS", 0x2005, "Philips MR Imaging DD 001", 0x0E)


def b_value(ds: Dataset) -> float | None:
    """Return the b-value in s/mm² of the standard element (0018,9087) or the vendor's own; None if not understood."""
    if ds.get("DiffusionBValue") is not None:
        return _plausible(ds.DiffusionBValue)
    if not any(tag.is_private for tag in list(ds.keys())):
        return None
    numbers = (_number(ds, *place) for place in B_VALUES)
    value = next((number for number in numbers if number is not None), None)
    return None if value is None else _plausible(value % GE_OFFSET if value >= GE_OFFSET else value)


def _plausible(stated: Any) -> float | None:
    try:
        value = float(stated)
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= MAX_B_VALUE else None


def scale_slope(ds: Dataset) -> float | None:
    """Return Philips' scale slope: displayed values divided by rescale × scale slope are comparable across images."""
    return _number(ds, *SCALE_SLOPE)


def _number(ds: Dataset, vendor: str, group: int, creator: str, element: int) -> float | None:
    """Return the first number of a private element, even if its VR (UN) or its creator was lost."""
    try:
        value = ds.private_block(group, creator)[element].value
    except KeyError:
        value = _without_creator(ds, vendor, group, element)
    if value is None:
        return None
    if isinstance(value, bytes) and (number := _from_bytes(value)) is not None:
        return number
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    found = re.search(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text)
    return float(found.group()) if found else None


def _from_bytes(value: bytes) -> float | None:
    """Return a binary number; four or eight digits of a text would be an impossible one."""
    if len(value) not in BINARY:
        return None
    number = float(struct.unpack(BINARY[len(value)], value)[0])
    return number if number == 0 or (math.isfinite(number) and 1e-3 <= abs(number) <= GE_OFFSET) else None


def _without_creator(ds: Dataset, vendor: str, group: int, element: int) -> Any:
    """Return a private element of a vendor's image whose creators an archive removed; it lies in the first block."""
    if not str(ds.get("Manufacturer") or "").upper().startswith(vendor) or ds.private_creators(group):
        return None
    private = ds.get((group, 0x1000 + element))
    return private.value if private is not None else None
