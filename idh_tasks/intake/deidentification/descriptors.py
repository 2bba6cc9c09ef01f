"""Cleans free text: only terms of medical imaging stay (PS3.15 E.3.5, Clean Descriptors)."""

import re
from collections.abc import Iterable
from functools import lru_cache

from pydicom import Dataset

from idh_tasks.intake.deidentification.profile import imaging_terms

WORD = re.compile(r"[^\W_]+(?:\.\d+)?")
SHORT_NUMBER = re.compile(r"\d{1,3}(\.\d{1,2})?(mm|ms|s|t|d|dir|deg)?")
MIN_LENGTH = 4
"""Shorter parts of a name also occur in ordinary words."""

IDENTIFYING = ("PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "AccessionNumber",
               "PatientBirthDate", "PatientBirthName", "PatientMotherBirthName", "IssuerOfPatientID",
               "ReferringPhysicianName", "InstitutionName", "StudyID")  # fmt: skip
"""Attributes whose values, or parts of them, identify the patient."""


def clean_text(text: str) -> str:
    """Return the imaging terms and short numbers of a text, in order; the rest is dropped."""
    words = (match.group() for match in WORD.finditer(text))
    return " ".join(w for w in words if w.lower() in imaging_terms() or SHORT_NUMBER.fullmatch(w.lower()))


def identifying_texts(ds: Dataset) -> frozenset[str]:
    """Return the texts that would identify this patient wherever they occur, in upper case."""
    return _parts(tuple(str(ds.get(keyword) or "") for keyword in IDENTIFYING))


@lru_cache(maxsize=64)
def _parts(texts: tuple[str, ...]) -> frozenset[str]:
    parts = (part for text in texts for part in (text, *re.split(r"[\^\s=,\\]+", text)))
    return frozenset(p.upper() for p in parts if len(p) >= MIN_LENGTH and p.lower() not in imaging_terms())


def identifies_patient(text: str, identifying: Iterable[str]) -> bool:
    """Return whether a text contains one of the identifying texts."""
    upper = text.upper()
    return any(part in upper for part in identifying)
