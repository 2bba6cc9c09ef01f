"""De-identification by the Basic Application Level Confidentiality Profile (PS3.15 annex E)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset, PrivateBlock
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from idh_tasks.dicom.dates import day_of
from idh_tasks.dicom.dialect import b_value
from idh_tasks.dicom.elements import MAX_REMEMBERED_BYTES, Surroundings, alone, encode, glance, raw
from idh_tasks.dicom.mosaic import is_mosaic, keep_normal, slice_normal
from idh_tasks.domain.study import PatientKey
from idh_tasks.intake.deidentification.descriptors import clean_text, identifiers, names_someone
from idh_tasks.intake.deidentification.profile import Action, actions, safe_private
from idh_tasks.intake.deidentification.pseudonym import Pseudonymiser

TEXT = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"})
FREE_TEXT = frozenset({"LT", "PN", "ST", "UC", "UN", "UR", "UT"})
"""Attributes of these kinds that the table does not know are cleaned all the same."""

DUMMIES = MappingProxyType({"DA": "19000101", "DT": "19000101", "TM": "000000", "AS": "000Y", "PN": "REMOVED"})
PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)
PIXEL_DATA = 0x7FE00010
STANDARD_UIDS = "1.2.840.10008."
OPTIONS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113111", "Retain Safe Private Option"),
)
"""The codes of what was applied (PS3.16 CID 7050)."""


@dataclass(frozen=True)
class Subject:
    """Whose data they are: the pseudonym, how it was made, and what would name the patient."""

    patient: PatientKey
    pseudonymiser: Pseudonymiser
    needles: frozenset[str]


def deidentify(ds: Dataset, patient: PatientKey, pseudonymiser: Pseudonymiser) -> Dataset:
    """Return a new data set without any identifier.

    Every attribute of PS3.15 table E.1-1 gets its action, in sequences too. Curves, overlays, unknown
    and private attributes go, but for the safe private numbers; the b-value moves to its standard
    element and a mosaic's slice normal to one of ours; what still names the patient goes wherever it
    stands. Preamble and file meta are new.
    """
    elements = [ds.get_item(tag) for tag in sorted(ds.keys()) if not tag.is_private and tag != PIXEL_DATA]
    ds = glance(ds)
    subject = Subject(patient, pseudonymiser, identifiers(ds))
    around = Surroundings.of(ds)
    out = Dataset()
    out.set_original_encoding(is_implicit_vr=False, is_little_endian=True, character_encoding=around.encodings)
    for element in elements:
        done = _treated(ds, element, subject, around)
        if done is not None:
            out[done.tag] = done
    _keep_safe_private(ds, out)
    _keep_by_value(ds, out)
    _keep_pixels(ds, out)
    for declared in _declared(patient, around):
        out[declared.tag] = declared
    given = ds.file_meta.TransferSyntaxUID
    # One instance by two ways must give the same bytes, whatever encoding the PACS chose for the way.
    out.file_meta = FileMetaDataset()
    out.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian if given in PLAIN else given
    return out


def _keep_by_value(ds: Dataset, out: Dataset) -> None:
    """Keep two numbers that lie in places which do not stay."""
    value = b_value(ds)
    if value is not None:
        out.DiffusionBValue = value
    normal = slice_normal(ds) if is_mosaic(ds) else None
    if normal is not None:
        keep_normal(normal, out)


def _treated(
    ds: Dataset, element: DataElement | RawDataElement, subject: Subject, around: Surroundings
) -> RawDataElement | None:
    """Apply its action to an element of a data set; where the bytes are those of an earlier one, so is the result."""
    if not isinstance(element, RawDataElement):
        done = _one(ds, element.tag, subject)
        return None if done is None else encode(done, around)
    work = _remembered if element.length <= MAX_REMEMBERED_BYTES else _remembered.__wrapped__
    return work(element._replace(value_tell=0), subject, around)


@lru_cache(maxsize=16384)
def _remembered(element: RawDataElement, subject: Subject, around: Surroundings) -> RawDataElement | None:
    done = _one(alone(element, around), element.tag, subject)
    return None if done is None else encode(done, around)


def _cleaned(ds: Dataset, subject: Subject) -> Dataset:
    out = Dataset()
    for tag in sorted(ds.keys()):
        if tag.is_private:
            continue
        element = _one(ds, tag, subject)
        if element is not None:
            out.add(element)
    _keep_safe_private(ds, out)
    return out


def _one(ds: Dataset, tag: int, subject: Subject) -> DataElement | None:
    """Apply its action to one public attribute."""
    group = tag >> 16
    if group < 8 or 0x5000 <= group <= 0x50FF or 0x6000 <= group <= 0x60FF or not dictionary_has_tag(tag):
        return None
    try:
        element = ds[tag]
    except Exception:  # a value that its VR forbids says nothing we need, and its text may say too much
        return None
    action, otherwise = actions().get(tag, _unlisted(element.VR))
    done = ACTIONS[action](element, subject)
    if done is None and action in (Action.CLEAN, Action.SHIFT):
        done = ACTIONS[otherwise](element, subject)
    if done is not None and done.VR in TEXT and names_someone(str(done.value), subject.needles):
        return _remove(element, subject) if otherwise is Action.REMOVE else _dummy(element, subject)
    return done


def _unlisted(vr: str) -> tuple[Action, Action]:
    if vr == "UI":
        return Action.MAP_UID, Action.MAP_UID
    return (Action.CLEAN, Action.REMOVE) if vr in FREE_TEXT else (Action.KEEP, Action.REMOVE)


def _keep(element: DataElement, subject: Subject) -> DataElement:
    if element.VR == "SQ":
        return DataElement(element.tag, "SQ", Sequence([_cleaned(item, subject) for item in element.value]))
    return element


def _remove(element: DataElement, subject: Subject) -> DataElement | None:  # noqa: ARG001 - one signature for all
    return None


def _empty(element: DataElement, subject: Subject) -> DataElement:  # noqa: ARG001 - one signature for all actions
    return DataElement(element.tag, element.VR, Sequence() if element.VR == "SQ" else "")


def _dummy(element: DataElement, subject: Subject) -> DataElement:
    if element.VR == "SQ":
        return _keep(element, subject)
    if element.VR == "UI":
        return _map_uid(element, subject)
    if element.VR in ("OB", "OW", "UN"):
        return DataElement(element.tag, element.VR, b"\0\0")
    numeric = element.VR in ("DS", "IS", "US", "SS", "UL", "SL", "FL", "FD")
    return DataElement(element.tag, element.VR, 0 if numeric else DUMMIES.get(element.VR, "REMOVED"))


def _map_uid(element: DataElement, subject: Subject) -> DataElement:
    if element.VR == "SQ":
        return _keep(element, subject)
    given = [element.value] if isinstance(element.value, str) else list(element.value or ())
    mapped = [uid if uid.startswith(STANDARD_UIDS) else subject.pseudonymiser.uid(str(uid)) for uid in given if uid]
    return DataElement(element.tag, element.VR, mapped[0] if len(mapped) == 1 else mapped)


def _clean(element: DataElement, subject: Subject) -> DataElement | None:
    if element.VR == "SQ":
        return _keep(element, subject)
    values = [element.value] if isinstance(element.value, str) else element.value
    if element.VR not in TEXT or not values:
        return None
    kept = [text for text in (clean_text(str(value)) for value in values) if text]
    return DataElement(element.tag, element.VR, kept if len(kept) > 1 else kept[0]) if kept else None


def _shift(element: DataElement, subject: Subject) -> DataElement | None:
    """Move dates by the patient's constant; times of day stay, since the constant is whole days."""
    if element.VR == "TM":
        return element
    if element.VR not in ("DA", "DT") or not element.value:
        return None
    values = [element.value] if isinstance(element.value, str) else list(element.value)
    moved = [_moved(str(value), subject) for value in values]
    known = [value for value in moved if value]
    return DataElement(element.tag, element.VR, known if len(known) > 1 else known[0]) if known else None


def _moved(text: str, subject: Subject) -> str | None:
    day = day_of(text[:8])
    return None if day is None else f"{subject.pseudonymiser.shifted(subject.patient, day):%Y%m%d}{text[8:]}"


ACTIONS: Mapping[Action, Callable[[DataElement, Subject], DataElement | None]] = MappingProxyType({
    Action.KEEP: _keep,
    Action.REMOVE: _remove,
    Action.EMPTY: _empty,
    Action.DUMMY: _dummy,
    Action.MAP_UID: _map_uid,
    Action.CLEAN: _clean,
    Action.SHIFT: _shift,
})  # fmt: skip


def _keep_safe_private(ds: Dataset, out: Dataset) -> None:
    """Copy the private numbers of the safe list; what is no number is not copied."""
    for group in {tag.group for tag in list(ds.keys()) if tag.is_private}:
        for creator in ds.private_creators(group):
            for offset in safe_private().get((creator.upper(), group), ()):
                _copy_numbers(ds.private_block(group, creator), offset, out)


def _copy_numbers(block: PrivateBlock, offset: int, out: Dataset) -> None:
    try:
        numbers = [float(part) for part in _parts(block[offset].value)]
    except (KeyError, ValueError, TypeError, NotImplementedError):
        return
    kept = out.private_block(block.group, block.private_creator, create=True)
    kept.add_new(offset, "DS", [f"{number:.10g}" for number in numbers])


def _parts(value: Any) -> list[Any]:
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if isinstance(value, str):
        return list(value.strip("\0 ").split("\\"))
    return list(value) if isinstance(value, (list, tuple)) or hasattr(value, "__iter__") else [value]


def _keep_pixels(ds: Dataset, out: Dataset) -> None:
    """Copy the pixels; bits above the stored ones are cleared where an overlay lies in them (PS3.3 C.9.2, retired)."""
    if PIXEL_DATA not in ds:
        return
    planes = [ds[tag].value for tag in list(ds.keys()) if 0x6000 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == 0x0102]
    pixels, compressed = ds[PIXEL_DATA].value, ds.file_meta.TransferSyntaxUID.is_compressed
    if any(planes) and ds.get("BitsAllocated") == 16 and not compressed:
        pixels = (np.frombuffer(pixels, dtype="<u2") & np.uint16((1 << ds.BitsStored) - 1)).tobytes()
    words = not compressed and ds.get("BitsAllocated", 8) > 8
    out[PIXEL_DATA] = raw(PIXEL_DATA, "OW" if words else "OB", pixels, undefined_length=compressed)


@lru_cache(maxsize=64)
def _declared(patient: PatientKey, around: Surroundings) -> tuple[RawDataElement, ...]:
    """State whose the data are now, and what was done to them (PS3.3 C.12.1.1)."""
    stated = Dataset()
    stated.PatientID = stated.PatientName = patient
    stated.PatientIdentityRemoved = "YES"
    stated.LongitudinalTemporalInformationModified = "MODIFIED"
    stated.DeidentificationMethod = "PS3.15 annex E by idh"
    codes = []
    for value, meaning in OPTIONS:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        codes.append(code)
    stated.DeidentificationMethodCodeSequence = codes
    return tuple(encode(element, around) for element in stated)
