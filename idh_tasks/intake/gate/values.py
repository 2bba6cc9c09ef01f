"""Checks that values fit their VR (PS3.5 6.2); no value ever reaches a message."""

import re
from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType

from pydicom import DataElement, Dataset
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VM, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import VR

from idh_tasks.codes import Code
from idh_tasks.dicom.dates import parse_date
from idh_tasks.dicom.elements import MAX_CACHED_BYTES, ElementContext, reading_copy, standalone
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.warning import GateWarning

MAX_DEPTH = 16
PIXEL_DATA = Tag("PixelData")
MAX_AGE_YEARS = 130
_NUMERIC = re.compile(rb"[\d+\-.\\\0 eE]*")
NUMBERS = MappingProxyType({"UI": re.compile(rb"[\d.\\\0 ]*"), "IS": _NUMERIC, "DS": _NUMERIC})
BYTES_OF_A_NUMBER = MappingProxyType({"FD": 8, "FL": 4, "SL": 4, "UL": 4, "SS": 2, "US": 2})
CHECKED = frozenset({*NUMBERS, *BYTES_OF_A_NUMBER, "DA", "AS"})
INTEGERS = re.compile(rb"\s*[+-]?\d{0,12}\s*(\\\s*[+-]?\d{0,12}\s*)*\0?")
AGE = re.compile(rb"(\d{3})[DWMY]")


def check_values(ds: Dataset) -> Iterator[GateWarning]:
    """Drop values that are not valid, in sequences too, and yield a warning for each.

    Raises
    ------
    InstanceRejectedError
        ``E_NESTING_LIMIT``, or ``E_VR_INVALID`` for text where a number or a UID belongs: it may be a name.
    """
    yield from _check_level(ds, ElementContext.of(reading_copy(ds)), depth=0)


def _check_level(ds: Dataset, context: ElementContext, depth: int) -> Iterator[GateWarning]:
    if depth > MAX_DEPTH:
        raise InstanceRejectedError(Code.E_NESTING_LIMIT, f"sequences are nested more than {MAX_DEPTH} deep")
    for tag in list(ds.keys()):
        if not _is_known_valid(ds._dict[tag], context, depth):
            yield from _check_element(ds, tag, context, depth)


def _is_known_valid(element: DataElement | RawDataElement, context: ElementContext, depth: int) -> bool:
    """Return whether equal bytes were found valid before; the meaning of private ones depends on their neighbours."""
    return (
        isinstance(element, RawDataElement)
        and element.length <= MAX_CACHED_BYTES
        and not element.tag.is_private
        and _is_valid_standalone(element._replace(value_tell=0), context, depth)
    )


@lru_cache(maxsize=16384)
def _is_valid_standalone(element: RawDataElement, context: ElementContext, depth: int) -> bool:
    return not any(_check_element(standalone(element, context), element.tag, context, depth))


def _check_element(ds: Dataset, tag: BaseTag, context: ElementContext, depth: int) -> Iterator[GateWarning]:
    # The element as it was read: access through the data set would convert it, and raise on hostile values.
    element = ds._dict[tag]
    vr = element.VR or _vr(tag)
    if isinstance(element, RawDataElement) and vr != "SQ" and not _usable(ds, element, vr):
        del ds[tag]
        yield GateWarning(
            Code.W_VR_INVALID, f"{tag} holds no valid {vr if vr in VR.__members__ else 'VR'}; it is not used"
        )
    elif vr == "SQ":
        for item in ds[tag].value:
            yield from _check_level(item, context, depth + 1)


def _usable(ds: Dataset, element: RawDataElement, vr: str) -> bool:
    """Return whether a value is valid and can be read; reading it converts it for good."""
    if vr in CHECKED and element.value and not _is_valid(vr, element.value, element.tag):
        return False
    if element.tag == PIXEL_DATA:
        return True
    try:
        _ = ds[element.tag]
    except Exception:  # pydicom raises many types, and some carry values in their text
        return False
    return True


def _vr(tag: BaseTag) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


def _is_valid(vr: str, value: bytes, tag: BaseTag) -> bool:
    if vr in NUMBERS and not NUMBERS[vr].fullmatch(value):
        raise InstanceRejectedError(Code.E_VR_INVALID, f"{tag} holds text where its VR {vr} requires numbers")
    if _is_one_of_several(vr, value, tag):
        return False
    if vr == "IS":
        return INTEGERS.fullmatch(value) is not None
    if vr == "DS":
        return all(map(_is_number, value.strip(b"\0 ").split(b"\\")))
    if vr == "DA":
        return all(parse_date(part.strip(b"\0 ").decode("ascii", "replace")) for part in value.split(b"\\"))
    if vr == "AS":
        return _is_age(value)
    return True


def _is_one_of_several(vr: str, value: bytes, tag: BaseTag) -> bool:
    """Return whether several numbers stand where the dictionary (PS3.6 6) has one: which of them holds is not known."""
    several = b"\\" in value if vr in {"IS", "DS"} else len(value) > BYTES_OF_A_NUMBER.get(vr, len(value))
    return several and dictionary_has_tag(tag) and dictionary_VM(tag) == "1"


def _is_age(value: bytes) -> bool:
    age = AGE.fullmatch(value.strip(b"\0 "))
    return age is not None and int(age.group(1)) <= (MAX_AGE_YEARS if value.strip().endswith(b"Y") else 999)


def _is_number(text: bytes) -> bool:
    try:
        float(text or b"0")
    except ValueError:
        return False
    return True


def check_charset(ds: Dataset) -> Iterator[GateWarning]:
    """Drop names that cannot be decoded (PS3.3 C.12.1.1.2), and yield a warning if there are any."""
    stated = ds.get("SpecificCharacterSet") or ""
    terms = [stated] if isinstance(stated, str) else list(stated)
    known = all(term in python_encoding for term in terms)
    raw = [ds.get_item(tag) for tag in ((0x0010, 0x0010), (0x0010, 0x0020)) if tag in ds]
    undeclared = not any(terms) and any(isinstance(e.value, bytes) and not e.value.isascii() for e in raw)
    if known and not undeclared:
        return
    if not known:
        del ds.SpecificCharacterSet
    for element in raw:
        if isinstance(element.value, bytes) and not element.value.isascii():
            del ds[element.tag]
    yield GateWarning(Code.W_CHARSET, "the character set is unknown or not stated; names that need it are not used")
