"""Which bytes are a value of a VR (PS3.5 6.2)."""

import re
from math import isfinite
from types import MappingProxyType

from pydicom import DataElement
from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from idh_tasks.dicom.dates import parse_date

MAX_AGE_YEARS = 130
_NUMBER, _TIME = re.compile(rb"[\d+\-.\\\0 eE]*"), re.compile(rb"[\d+\-.:\\\0 ]*")
CHARACTERS = MappingProxyType({"UI": re.compile(rb"[\d.\\\0 ]*"), "IS": _NUMBER, "DS": _NUMBER,
                               "TM": _TIME, "DT": _TIME})  # fmt: skip
"""The characters of VRs in which no text belongs; among others no name can be."""
NUMBERS = frozenset({"UI", "IS", "DS"})
BYTES_OF_A_NUMBER = MappingProxyType({"FD": 8, "FL": 4, "SL": 4, "UL": 4, "SS": 2, "US": 2})
JUDGED = frozenset({*CHARACTERS, "DA", "AS"})
"""VRs of which a value is judged by its characters."""
INTEGER = re.compile(rb"\s*([+-]?\d{1,12}(\.0*)?)?\s*")
"""An integer; some scanners write it with a decimal point."""
AGE = re.compile(rb"(\d{3})[DWMY]")


def judged_vr(element: DataElement | RawDataElement) -> str:
    """Return the VR by which a value is judged.

    That of the dictionary (PS3.6 6) comes first where it allows no text: a name would pass if the file said LO.
    """
    stated, known = element.VR, known_vr(element.tag)
    if stated in (None, "UN"):
        return known or "UN"
    return known if known in JUDGED and stated != "SQ" else str(stated)


def known_vr(tag: BaseTag) -> str:
    """Return the VR of an element by the dictionary, empty for private and unknown ones."""
    return dictionary_VR(tag) if dictionary_has_tag(tag) else ""


def is_valid(element: RawDataElement, vr: str) -> bool:
    """Return whether the bytes of an element are a value of the VR by which it is judged; no bytes always are."""
    value = element.value
    if not value:
        return True
    if _is_misplaced(element) or (vr in CHARACTERS and not CHARACTERS[vr].fullmatch(value)):
        return False
    if is_one_of_several(element, vr):
        return False
    return _has_form(vr, value)


def _is_misplaced(element: RawDataElement) -> bool:
    """Return whether the file states another VR than a binary number for one (PS3.6 6): it may be text."""
    known = known_vr(element.tag).split(" or ")
    binary = known[0] in BYTES_OF_A_NUMBER
    return binary and element.VR not in {None, "UN", "DS", "IS", *BYTES_OF_A_NUMBER, *known}


def is_one_of_several(element: RawDataElement, vr: str) -> bool:
    """Return whether several numbers stand where the dictionary (PS3.6 6) has one: which of them holds is not known."""
    value, tag = element.value or b"", element.tag
    several = b"\\" in value if vr in {"IS", "DS"} else len(value) > BYTES_OF_A_NUMBER.get(vr, len(value))
    return several and dictionary_has_tag(tag) and dictionary_VM(tag) == "1"


def _has_form(vr: str, value: bytes) -> bool:
    parts = value.strip(b"\0 ").split(b"\\")
    if vr == "IS":
        return all(map(INTEGER.fullmatch, parts))
    if vr == "DS":
        return all(map(_is_number, parts))
    if vr == "DA":
        return all(parse_date(part.strip(b"\0 ").decode("ascii", "replace")) for part in parts)
    return _is_age(value) if vr == "AS" else True


def _is_age(value: bytes) -> bool:
    age = AGE.fullmatch(value.strip(b"\0 "))
    return age is not None and int(age.group(1)) <= (MAX_AGE_YEARS if value.strip().endswith(b"Y") else 999)


def _is_number(text: bytes) -> bool:
    try:
        return isfinite(float(text.strip(b"\0 ") or b"0"))
    except ValueError:
        return False
