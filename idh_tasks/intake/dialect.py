"""Reads what vendors write in places of their own."""

import re

from pydicom import Dataset

GE_OFFSET = 1_000_000_000


def b_value(ds: Dataset) -> float | None:
    """Return the b-value in s/mm², from the standard element or the vendor's own.

    Standard (0018,9087); Siemens (0019,xx0C) 'SIEMENS MR HEADER'; GE (0043,xx39) 'GEMS_PARM_01',
    where 10⁹ may be added.
    """
    if ds.get("DiffusionBValue") is not None:
        return float(ds.DiffusionBValue)
    siemens = _private(ds, 0x0019, "SIEMENS MR HEADER", 0x0C)
    if siemens is not None:
        return siemens
    ge = _private(ds, 0x0043, "GEMS_PARM_01", 0x39)
    return None if ge is None else ge % GE_OFFSET


def _private(ds: Dataset, group: int, creator: str, element: int) -> float | None:
    """Return the first number of a private element, also where its VR was lost (UN)."""
    try:
        value = ds.private_block(group, creator)[element].value
    except KeyError:
        return None
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    number = re.search(r"-?\d+(\.\d+)?", text)
    return float(number.group()) if number else None
