"""The actions of the confidentiality profile on one value (PS3.15 E.1.1); sequences are walked elsewhere."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydicom import DataElement

from idh_tasks.dicom.dates import parse_date
from idh_tasks.intake.deidentification.descriptors import clean_text
from idh_tasks.intake.deidentification.profile import Action
from idh_tasks.intake.deidentification.subject import Subject

TEXT = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"})
BINARY = frozenset({"OB", "OW", "UN"})
NUMERIC = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD"})
DUMMIES = MappingProxyType({"DA": "19000101", "DT": "19000101", "TM": "000000", "AS": "000Y", "PN": "REMOVED"})
STANDARD_UIDS = "1.2.840.10008."


def _keep(element: DataElement, subject: Subject) -> DataElement:  # noqa: ARG001 - all actions share one signature
    return element


def _remove(element: DataElement, subject: Subject) -> DataElement | None:  # noqa: ARG001 - all actions share one signature
    return None


def _empty(element: DataElement, subject: Subject) -> DataElement:  # noqa: ARG001 - all actions share one signature
    return DataElement(element.tag, element.VR, "")


def _dummy(element: DataElement, subject: Subject) -> DataElement:
    if element.VR == "UI":
        return _map_uid(element, subject)
    if element.VR in BINARY:
        return DataElement(element.tag, element.VR, b"\0\0")
    return DataElement(element.tag, element.VR, 0 if element.VR in NUMERIC else DUMMIES.get(element.VR, "REMOVED"))


def _map_uid(element: DataElement, subject: Subject) -> DataElement:
    """Replace UIDs, except those that the standard defines."""
    uids = [element.value] if isinstance(element.value, str) else list(element.value or ())
    mapped = [uid if uid.startswith(STANDARD_UIDS) else subject.pseudonymiser.uid(str(uid)) for uid in uids if uid]
    return DataElement(element.tag, element.VR, mapped[0] if len(mapped) == 1 else mapped)


def _clean(element: DataElement, subject: Subject) -> DataElement | None:  # noqa: ARG001 - all actions share one signature
    """Keep the known words of a text; without any, there is no result."""
    values = [element.value] if isinstance(element.value, str) else element.value
    if element.VR not in TEXT or not values:
        return None
    texts = [text for text in (clean_text(str(value)) for value in values) if text]
    return _with_values(element, texts)


def _shift(element: DataElement, subject: Subject) -> DataElement | None:
    """Move dates by the patient's constant; times of day stay, since the constant is a number of whole days."""
    if element.VR == "TM":
        return element
    if element.VR not in ("DA", "DT") or not element.value:
        return None
    values = [element.value] if isinstance(element.value, str) else list(element.value)
    shifted = [text for text in (_shifted(str(value), subject) for value in values) if text]
    return _with_values(element, shifted)


def _shifted(text: str, subject: Subject) -> str | None:
    day = parse_date(text[:8])
    return None if day is None else f"{subject.pseudonymiser.shifted(subject.patient, day):%Y%m%d}{text[8:]}"


def _with_values(element: DataElement, values: list[str]) -> DataElement | None:
    return DataElement(element.tag, element.VR, values if len(values) > 1 else values[0]) if values else None


ACTIONS: Mapping[Action, Callable[[DataElement, Subject], DataElement | None]] = MappingProxyType({
    Action.KEEP: _keep,
    Action.REMOVE: _remove,
    Action.EMPTY: _empty,
    Action.DUMMY: _dummy,
    Action.MAP_UID: _map_uid,
    Action.CLEAN: _clean,
    Action.SHIFT: _shift,
})  # fmt: skip
