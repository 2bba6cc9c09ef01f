"""Checks that values fit their VR (PS3.5 6.2); no value ever reaches a message."""

from collections.abc import Iterator
from functools import lru_cache

from pydicom import DataElement, Dataset
from pydicom.charset import python_encoding
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import VR

from idh_tasks.codes import Code
from idh_tasks.dicom.elements import MAX_CACHED_BYTES, ElementContext, reading_copy, standalone
from idh_tasks.errors import InstanceRejectedError
from idh_tasks.intake.gate.needed import B_VALUE, MAY_BE_SEVERAL, Need, needed_of
from idh_tasks.intake.gate.vr import NUMBERS, is_one_of_several, is_valid, judged_vr, known_vr
from idh_tasks.intake.gate.warning import GateWarning

MAX_DEPTH = 16
PIXEL_DATA = Tag("PixelData")


def check_values(ds: Dataset) -> Iterator[GateWarning]:
    """Drop values that are not valid, in sequences too, and yield a warning for each.

    Raises
    ------
    InstanceRejectedError
        ``E_NESTING_LIMIT``, or ``E_VR_INVALID`` where an element that is needed holds no number or UID.
    """
    yield from _check_level(ds, ElementContext.of(reading_copy(ds)), needed_of(ds), depth=0)


def _check_level(ds: Dataset, context: ElementContext, need: Need, depth: int) -> Iterator[GateWarning]:
    if depth > MAX_DEPTH:
        raise InstanceRejectedError(Code.E_NESTING_LIMIT, f"sequences are nested more than {MAX_DEPTH} deep")
    for tag in list(ds.keys()):
        if not _is_known_valid(ds._dict[tag], context, need, depth):
            yield from _check_element(ds, tag, context, need, depth)


def _is_known_valid(element: DataElement | RawDataElement, context: ElementContext, need: Need, depth: int) -> bool:
    """Return whether equal bytes were found valid before; the meaning of private ones depends on their neighbours."""
    return (
        isinstance(element, RawDataElement)
        and element.length <= MAX_CACHED_BYTES
        and not element.tag.is_private
        and _is_valid_standalone(element._replace(value_tell=0), context, need, depth)
    )


@lru_cache(maxsize=16384)
def _is_valid_standalone(element: RawDataElement, context: ElementContext, need: Need, depth: int) -> bool:
    return not any(_check_element(standalone(element, context), element.tag, context, need, depth))


def _check_element(ds: Dataset, tag: BaseTag, context: ElementContext, need: Need, depth: int) -> Iterator[GateWarning]:
    # The element as it was read: access through the data set would convert it, and raise on hostile values.
    element = ds._dict[tag]
    vr = judged_vr(element)
    if isinstance(element, RawDataElement) and not _is_stated_sequence(element) and not _usable(ds, element, vr):
        dispensable = tag in MAY_BE_SEVERAL and is_one_of_several(element, vr)
        if tag == B_VALUE or (tag in need.elements and vr in NUMBERS and not dispensable):
            raise InstanceRejectedError(Code.E_VR_INVALID, f"{tag} holds no valid {vr}, and nothing is read without it")
        del ds[tag]
        yield GateWarning(
            Code.W_VR_INVALID, f"{tag} holds no valid {vr if vr in VR.__members__ else 'VR'}; it is not used"
        )
    elif vr == "SQ":
        for item in ds[tag].value:
            yield from _check_level(item, context, need.inside(tag), depth + 1)


def _is_stated_sequence(element: RawDataElement) -> bool:
    """Return whether an element must be a sequence; a private one, or one whose VR was lost, may be anything."""
    return (element.VR or known_vr(element.tag)) == "SQ" and not element.tag.is_private


def _usable(ds: Dataset, element: RawDataElement, vr: str) -> bool:
    """Return whether a value is valid and can be read; reading it converts it for good."""
    if not is_valid(element, vr):
        return False
    if element.tag == PIXEL_DATA:
        return True
    try:
        _ = ds[element.tag]
    except (RecursionError, MemoryError):
        raise
    except Exception:  # pydicom raises many types, and some carry values in their text
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
