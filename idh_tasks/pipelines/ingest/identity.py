"""Identifies the patient of a study from its headers."""

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.identities import Identity
from idh_tasks.dicom.dates import parse_date
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.pipelines.platform import Platform

SEXES = ("F", "M", "O")


def issuer_and_identifier(platform: Platform, header: Dataset) -> tuple[str, str]:
    """Return the issuer of the patient's identifier, and the identifier; either may be empty."""
    identifier = str(header.get("PatientID") or "").strip()
    return str(header.get("IssuerOfPatientID") or platform.settings.issuer).strip(), identifier


def identify_patient(platform: Platform, headers: list[Dataset]) -> Identity:
    """Return the one patient whom the headers of a study identify.

    Raises
    ------
    StudyQuarantinedError
        ``E_ID_MISMATCH`` if there are several, ``E_MISSING_ID`` if there is none, ``E_ISSUER`` if neither header nor
        settings state who issued the identifier.
    """
    if len({issuer_and_identifier(platform, header)[1] for header in headers}) > 1:
        raise StudyQuarantinedError(Code.E_ID_MISMATCH, "the instances of one study name several patients")
    issuer, identifier = issuer_and_identifier(platform, headers[0])
    if not identifier:
        raise StudyQuarantinedError(Code.E_MISSING_ID, "the header names no patient")
    if not issuer:
        raise StudyQuarantinedError(Code.E_ISSUER, "neither header nor settings state who issued the identifier")
    return _identity(platform, headers[0], issuer, identifier)


def _identity(platform: Platform, header: Dataset, issuer: str, identifier: str) -> Identity:
    patient = platform.pseudonymiser.patient(issuer, identifier)
    sex = str(header.get("PatientSex") or "")
    return Identity(
        patient_key=patient,
        issuer=issuer,
        identifier=identifier,
        name=str(header.get("PatientName") or "") or None,
        birth_date=parse_date(header.get("PatientBirthDate")),
        sex=sex if sex in SEXES else None,
        shift_days=platform.pseudonymiser.shift_days(patient),
    )
