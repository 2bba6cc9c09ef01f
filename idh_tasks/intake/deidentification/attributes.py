"""Applies the confidentiality profile to public attributes, in the items of sequences too."""

from functools import lru_cache

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence

from idh_tasks.dicom.elements import MAX_CACHED_BYTES, ElementContext, encode_element, standalone
from idh_tasks.intake.deidentification.descriptors import identifies_patient
from idh_tasks.intake.deidentification.private import copy_safe_private
from idh_tasks.intake.deidentification.profile import Action, actions
from idh_tasks.intake.deidentification.subject import Subject
from idh_tasks.intake.deidentification.value_actions import ACTIONS, TEXT

FREE_TEXT = frozenset({"LT", "PN", "ST", "UC", "UN", "UR", "UT"})
"""VRs of which attributes are cleaned even if the table does not list them."""


def deidentify_element(
    ds: Dataset, element: DataElement | RawDataElement, subject: Subject, context: ElementContext
) -> RawDataElement | None:
    """Return what is left of an attribute of a data set, or None; equal bytes are processed only once."""
    if not isinstance(element, RawDataElement):
        return _encoded(_deidentified(ds, element.tag, subject), context)
    process = _process_raw if element.length <= MAX_CACHED_BYTES else _process_raw.__wrapped__
    return process(element._replace(value_tell=0), subject, context)


@lru_cache(maxsize=16384)
def _process_raw(element: RawDataElement, subject: Subject, context: ElementContext) -> RawDataElement | None:
    return _encoded(_deidentified(standalone(element, context), element.tag, subject), context)


def _encoded(element: DataElement | None, context: ElementContext) -> RawDataElement | None:
    return None if element is None else encode_element(element, context)


def _deidentified(ds: Dataset, tag: int, subject: Subject) -> DataElement | None:
    """Apply its action to one public attribute."""
    if not _is_known(tag):
        return None
    try:
        element = ds[tag]
    except Exception:  # a value that its VR forbids is of no use, and its text may identify the patient
        return None
    action, fallback = actions().get(tag, _unlisted(element.VR))
    if element.VR == "SQ":
        return _deidentified_sequence(element, fallback if action is Action.SHIFT else action, subject)
    result = ACTIONS[action](element, subject)
    if result is None and action in (Action.CLEAN, Action.SHIFT):
        result = ACTIONS[fallback](element, subject)
    if result is not None and result.VR in TEXT and identifies_patient(str(result.value), subject.identifying_texts):
        return ACTIONS[Action.REMOVE if fallback is Action.REMOVE else Action.DUMMY](element, subject)
    return result


def _is_known(tag: int) -> bool:
    """Return whether an attribute is in the dictionary and is neither a command, a curve nor an overlay."""
    group = tag >> 16
    repeating = 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF
    return group >= 8 and not repeating and dictionary_has_tag(tag)


def _unlisted(vr: str) -> tuple[Action, Action]:
    """Return action and fallback for an attribute that the table does not list."""
    if vr == "UI":
        return Action.MAP_UID, Action.MAP_UID
    return (Action.CLEAN, Action.REMOVE) if vr in FREE_TEXT else (Action.KEEP, Action.REMOVE)


def _deidentified_sequence(element: DataElement, action: Action, subject: Subject) -> DataElement | None:
    """Remove or empty a sequence; any other action applies to the attributes of its items."""
    if action is Action.REMOVE:
        return None
    items = [] if action is Action.EMPTY else [_deidentified_item(item, subject) for item in element.value]
    return DataElement(element.tag, "SQ", Sequence(items))


def _deidentified_item(ds: Dataset, subject: Subject) -> Dataset:
    out = Dataset()
    for tag in sorted(ds.keys()):
        element = None if tag.is_private else _deidentified(ds, tag, subject)
        if element is not None:
            out.add(element)
    copy_safe_private(ds, out)
    return out
