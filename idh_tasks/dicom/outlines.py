"""The segments of a DICOM SEG and the structures of an RTSTRUCT, each with its role (PS3.3 C.8.20.2, C.8.8.5)."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from pydicom import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, RTStructureSetStorage, SegmentationStorage

from idh_tasks.dicom.structure_role import StructureRole, combined
from idh_tasks.dicom.structure_text import role_of_text

LabelMapSegmentationStorage = UID("1.2.840.10008.5.1.4.1.1.66.7")
SEGMENTATIONS = (SegmentationStorage, LabelMapSegmentationStorage)
OUTLINE_CLASSES = (*SEGMENTATIONS, RTStructureSetStorage)
"""SOP classes that hold a tumour outline instead of an image."""

CODES = {
    ("SCT", "108369006"): StructureRole.TUMOUR,  # neoplasm
    ("SCT", "367651003"): StructureRole.TUMOUR,  # malignant neoplasm
    ("SCT", "86049000"): StructureRole.TUMOUR,  # malignant neoplasm, primary
    ("SCT", "4147007"): StructureRole.TUMOUR,  # mass
    ("SCT", "52988006"): StructureRole.TUMOUR,  # lesion
    ("SCT", "79654002"): StructureRole.OEDEMA,
    ("SCT", "6574001"): StructureRole.NECROSIS,
    ("SCT", "12738006"): StructureRole.OTHER,  # brain
    ("SRT", "M-8FFFF"): StructureRole.TUMOUR,  # neoplasm
    ("SRT", "M-80003"): StructureRole.TUMOUR,  # malignant neoplasm
    ("SRT", "M-03000"): StructureRole.TUMOUR,  # mass
    ("SRT", "M-01100"): StructureRole.TUMOUR,  # lesion
    ("SRT", "M-36300"): StructureRole.OEDEMA,
    ("SRT", "M-54000"): StructureRole.NECROSIS,
    ("SRT", "T-A0100"): StructureRole.OTHER,  # brain
    ("NCIt", "C113842"): StructureRole.ENHANCING,  # enhancing lesion
}
"""Segmented property types and identifications that need no words."""
ANATOMY = (("SCT", "123037004"), ("SRT", "T-D0050"), ("SRT", "R-42018"))
"""Categories of anatomical structures (PS3.16 CID 7150)."""

DATE = re.compile(r"\d{8}")
UNCLEAR = (StructureRole.UNNAMED, StructureRole.UNKNOWN)
INTERPRETED = {"GTV": StructureRole.TUMOUR}
ANATOMICAL = ("", "ORGAN", "NONE")
"""Interpreted types that some programs write for every structure (PS3.3 C.8.8.8.1)."""


def segment_roles(seg: Dataset) -> dict[int, StructureRole]:
    """Return the role of each segment by its number."""
    date = _text(seg, "StudyDate")
    return _by_number((number_of(s, "SegmentNumber"), segment_role(s, date)) for s in items(seg, "SegmentSequence"))


def _by_number(roles: Iterable[tuple[int, StructureRole]]) -> dict[int, StructureRole]:
    """Return roles by number; a number that is given twice names nothing."""
    found: dict[int, StructureRole] = {}
    for number, role in roles:
        found[number] = StructureRole.CONTRADICTORY if number in found else role
    return found


def number_of(item: Dataset, keyword: str) -> int:
    """Return the number of a segment or structure, or −1 if none is stated."""
    try:
        return int(item[keyword].value)
    except Exception:  # as in `items`
        return -1


def segment_role(segment: Dataset, date: str = "") -> StructureRole:
    """Return the role of one segment from its label, type and, if these say nothing, its category and description.

    The date of the study (YYYYMMDD), or its year, says nothing in a label; another one may mean another tumour.
    """
    code = _role_of_code(segment, "SegmentedPropertyTypeCodeSequence")
    role = combined(role_of_text(_undated(_text(segment, "SegmentLabel"), date)), code)
    if role is StructureRole.UNNAMED:
        role = role_of_text(_text(segment, "SegmentDescription"))
    category = _code(segment, "SegmentedPropertyCategoryCodeSequence")
    anatomy = category is not None and _scheme_and_value(category) in ANATOMY
    return StructureRole.OTHER if anatomy and role in UNCLEAR else role


def structure_roles(structures: Dataset) -> dict[int, StructureRole]:
    """Return the role of each structure of an RTSTRUCT by its number."""
    observed: dict[int, list[Dataset]] = defaultdict(list)
    for observation in items(structures, "RTROIObservationsSequence"):
        observed[number_of(observation, "ReferencedROINumber")].append(observation)
    numbered = ((number_of(roi, "ROINumber"), roi) for roi in items(structures, "StructureSetROISequence"))
    date = _text(structures, "StudyDate")
    return _by_number((number, _structure_role(roi, observed[number], date)) for number, roi in numbered)


def _structure_role(roi: Dataset, observations: list[Dataset], date: str) -> StructureRole:
    role = _first_said(_undated(_text(roi, "ROIName"), date), _text(roi, "ROIDescription"))
    for observation in observations:
        if role is StructureRole.UNNAMED:
            role = role_of_text(_text(observation, "ROIObservationLabel"))
        role = combined(role, _role_of_code(observation, "RTROIIdentificationCodeSequence"))
        role = _with_interpreted(role, _text(observation, "RTROIInterpretedType").upper())
    return role


def _with_interpreted(role: StructureRole, interpreted: str) -> StructureRole:
    if interpreted not in ANATOMICAL:
        return combined(role, INTERPRETED.get(interpreted, StructureRole.OTHER))
    return StructureRole.OTHER if interpreted == "ORGAN" and role in UNCLEAR else role


def _first_said(*texts: str) -> StructureRole:
    """Return the role of the first of several texts that says something."""
    roles = (role_of_text(text) for text in texts)
    return next((role for role in roles if role is not StructureRole.UNNAMED), StructureRole.UNNAMED)


def _role_of_code(ds: Dataset, keyword: str) -> StructureRole:
    """Return the role that a code gives by its value or, if that is not known, by its meaning."""
    code = _code(ds, keyword)
    if code is None:
        return StructureRole.UNNAMED
    known, meant = CODES.get(_scheme_and_value(code)), role_of_text(_text(code, "CodeMeaning"))
    if known is None:
        return meant
    return StructureRole.CONTRADICTORY if known.is_tumour and meant.is_other else known


def _code(ds: Dataset, keyword: str) -> Dataset | None:
    return next(iter(items(ds, keyword)), None)


def items(ds: Dataset, keyword: str) -> Sequence[Dataset]:
    """Return the items of a sequence; none if the attribute is absent or no sequence."""
    try:
        value = ds.get(keyword)
    except Exception:  # a value that its VR forbids
        return ()
    return value if isinstance(value, DicomSequence) else ()


def _scheme_and_value(code: Dataset) -> tuple[str, str]:
    return _text(code, "CodingSchemeDesignator"), _text(code, "CodeValue")


def _undated(name: str, date: str) -> str:
    """Return a name without the date of the study or its year, where these stand alone."""
    if not DATE.fullmatch(date):
        return name
    year, month, day = date[:4], date[4:6], date[6:]
    return re.sub(rf"(?<!\d){year}(?:(?P<sign>[-_.]?){month}(?P=sign){day})?(?![-.]?\d)", " ", name)


def _text(ds: Dataset, keyword: str) -> str:
    try:
        return str(ds.get(keyword) or "").strip()
    except Exception:  # as in `items`
        return ""
