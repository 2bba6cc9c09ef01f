"""Cleans free text: only words of the field are kept (PS3.15 E.3.5, Clean Descriptors)."""

import re
from collections.abc import Iterable
from functools import lru_cache

from pydicom import Dataset

from idh_tasks.intake.deidentification.profile import imaging_terms

WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
SHORT_NUMBER = re.compile(r"\d{1,3}(\.\d{1,2})?(mm|ms|s|t|d|dir|deg)?")
MIN_LENGTH = 4
"""Shorter pieces of a name occur in ordinary words."""

NAMING = ("PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "AccessionNumber", "PatientBirthDate",
          "PatientBirthName", "PatientMotherBirthName", "IssuerOfPatientID", "ReferringPhysicianName",
          "InstitutionName", "StudyID")  # fmt: skip


def clean_text(text: str) -> str:
    """Return the words of the field and short numbers of a text, in order; the rest is left out."""
    words = (found.group() for found in WORD.finditer(text))
    return " ".join(w for w in words if w.lower() in imaging_terms() or SHORT_NUMBER.fullmatch(w.lower()))


def identifiers(ds: Dataset) -> frozenset[str]:
    """Return the pieces that would name this patient wherever they stand, in upper case."""
    return _pieces(tuple(str(ds.get(keyword) or "") for keyword in NAMING))


@lru_cache(maxsize=64)
def _pieces(texts: tuple[str, ...]) -> frozenset[str]:
    pieces = (piece for text in texts for piece in (text, *re.split(r"[\^\s=,\\]+", text)))
    return frozenset(p.upper() for p in pieces if len(p) >= MIN_LENGTH and p.lower() not in imaging_terms())


def names_someone(text: str, needles: Iterable[str]) -> bool:
    """Tell whether a text holds one of the pieces."""
    upper = text.upper()
    return any(needle in upper for needle in needles)
