"""States in the header whose pseudonym the data carry, and how they were de-identified (PS3.3 C.12.1.1)."""

from functools import lru_cache

from pydicom import Dataset
from pydicom.dataelem import RawDataElement

from idh_tasks.dicom.elements import ElementContext, encode_element
from idh_tasks.domain.study import PatientKey

OPTIONS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113111", "Retain Safe Private Option"),
)
"""The codes of the options that are applied (PS3.16 CID 7050)."""


@lru_cache(maxsize=64)
def declaration(patient: PatientKey, context: ElementContext) -> tuple[RawDataElement, ...]:
    """Return the elements of the declaration."""
    ds = Dataset()
    ds.PatientID = ds.PatientName = patient
    ds.PatientIdentityRemoved = "YES"
    ds.LongitudinalTemporalInformationModified = "MODIFIED"
    ds.DeidentificationMethod = "PS3.15 annex E by idh"
    ds.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in OPTIONS]
    return tuple(encode_element(element, context) for element in ds)


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
