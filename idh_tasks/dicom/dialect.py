"""Reads what vendors write into private elements."""

import math
import re
import struct
from collections.abc import Iterator
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
NAMED = (
    ("SequenceName", re.compile(r"\*?[a-z][a-z0-9]{1,7}_b(?P<b>\d{1,5})(t|#\d+)?", re.IGNORECASE)),
    ("ImageComments", re.compile(r"b=(?P<b>\d{1,5})(\([-+.,\d\s]*\))?", re.IGNORECASE)),
)
"""Texts of which the whole is a b-value: ``*ep_b1000t`` (an average), ``*ep_b1000#3`` (a direction), ``b=1000(0,0,1)``.

``*ep_b0_1000`` is the name of a map.
"""
B_CONFLICT, B_CONFLICT_S_MM2 = 0.1, 60.0
"""Statements that differ by more contradict one another; one may be nominal, the other with the imaging gradients."""
BINARY = {4: "<f", 8: "<d"}
"""How the bytes of a private number are read whose VR, FL or FD, was lost (UN)."""
SHORT = 2
"""Bytes of an SS whose VR was lost; digits of a text are above 9."""
COMPONENT = ("GE", 0x0043, "GEMS_PARM_01", 0x2F)
COMPONENTS = {1: "PHASE", 2: "REAL", 3: "IMAGINARY"}
"""GE's numbers of the components of a complex image; 0 is the magnitude."""
SCALE_SLOPE = ("PHILIPS", 0x2005, "Philips MR Imaging DD 001", 0x0E)


def b_value(ds: Dataset) -> float | None:
    """Return the b-value in s/mm²; ``None`` if none is understood, or if two statements contradict one another.

    Read from the standard element (0018,9087) and the vendor's own. Without them, from the name of the pulse sequence,
    which Siemens makes of it, or from the comment that Canon writes.
    """
    stated = list(_elements(ds)) or [_plausible(number) for number in _named(ds)]
    first = stated[0] if stated else None
    if first is None or any(other is None or abs(other - first) > _tolerance(first) for other in stated):
        return None
    return first


def _elements(ds: Dataset) -> Iterator[float | None]:
    """Yield the b-value of each element that has one, as none where it is not understood."""
    if ds.get("DiffusionBValue") is not None:
        yield _plausible(ds.DiffusionBValue)
    if any(tag.is_private for tag in list(ds.keys())):
        numbers = (_number(ds, *place) for place in B_VALUES)
        yield from (_plausible(b % GE_OFFSET if b >= GE_OFFSET else b) for b in numbers if b is not None)


def _named(ds: Dataset) -> Iterator[str]:
    for keyword, pattern in NAMED:
        found = pattern.fullmatch(str(ds.get(keyword) or "").strip())
        if found:
            yield found["b"]


def _tolerance(b: float) -> float:
    return max(B_CONFLICT_S_MM2, B_CONFLICT * b)


def _plausible(stated: Any) -> float | None:
    try:
        value = float(stated)
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= MAX_B_VALUE else None


def scale_slope(ds: Dataset) -> float | None:
    """Return Philips' scale slope: displayed values divided by rescale × scale slope are comparable across images."""
    return _number(ds, *SCALE_SLOPE)


def component(ds: Dataset) -> str:
    """Return which component of a complex image this is (PS3.3 C.8.13.3.1.3), empty if neither header nor GE says."""
    stated = str(ds.get("ComplexImageComponent") or "").strip().upper()
    return stated or COMPONENTS.get(int(_number(ds, *COMPONENT) or 0), "")


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
    """Return a binary number; two, four or eight digits of a text would be an impossible one."""
    if len(value) == SHORT and value[0] < ord("0") and value[1] == 0:
        return float(value[0])
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
