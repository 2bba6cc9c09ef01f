"""Identifies the patient of a study from its headers."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.identities import Identity
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.intake.deidentification.pseudonym import normalise_identifier
from idh_tasks.pipelines.ingest.agreement import is_image, most_stated, stated_dates, stated_texts, text
from idh_tasks.pipelines.platform import Platform

Value = TypeVar("Value")

SEXES = frozenset({"F", "M", "O"})


def issuer_and_identifier(platform: Platform, header: Dataset) -> tuple[str, str]:
    """Return the issuer of the patient's identifier, and the identifier; either may be empty."""
    return text(header, "IssuerOfPatientID") or platform.settings.issuer.strip(), text(header, "PatientID")


def identify_patient(platform: Platform, headers: Sequence[Dataset]) -> Identity:
    """Return the patient on whom the images of a study agree, whatever the order of the headers.

    An image without issuer, birth date, sex or name takes it from those that state it. An outline may name no other
    patient than the images do, and decides nothing.

    Raises
    ------
    StudyQuarantinedError
        ``E_ID_MISMATCH`` if there are several patients, issuers, birth dates or sexes, ``E_MISSING_ID`` if there is no
        patient, ``E_ISSUER`` if neither headers nor settings state who issued the identifier.
    """
    images = [header for header in headers if is_image(header)]
    issuer = _issuer(platform, images)
    identifier = _identifier(platform, issuer, headers, images)
    if not issuer:
        raise StudyQuarantinedError(Code.E_ISSUER, "neither headers nor settings state who issued the identifier")
    patient = platform.pseudonymiser.patient(issuer, identifier)
    return Identity(
        patient_key=patient,
        issuer=issuer,
        identifier=identifier,
        name=most_stated(images, "PatientName") or None,
        birth_date=_only(stated_dates(images, "PatientBirthDate"), "birth dates"),
        sex=_only(stated_texts(images, "PatientSex") & SEXES, "sexes"),
        shift_days=platform.pseudonymiser.shift_days(patient),
    )


def _issuer(platform: Platform, images: Sequence[Dataset]) -> str:
    """Return who issued the identifier: as the images state it, or else as a setting does."""
    stated = stated_texts(images, "IssuerOfPatientID")
    _only({normalise_identifier(one) for one in stated}, "issuers of the patient's identifier")
    return min(stated, default=platform.settings.issuer.strip())


def _identifier(platform: Platform, issuer: str, headers: Iterable[Dataset], images: Iterable[Dataset]) -> str:
    """Return the identifier of the patient; spellings of which the pseudonym is the same are one."""
    named = {text(image, "PatientID") for image in images}
    if named == {""}:
        raise StudyQuarantinedError(Code.E_MISSING_ID, "the images name no patient")
    everywhere = named | stated_texts(headers, "PatientID")
    _only({one and platform.pseudonymiser.patient(issuer, one) for one in everywhere}, "patients")
    return min(named)


def _only(values: set[Value], what: str) -> Value | None:
    """Return the one value of a set, None if it is empty."""
    if len(values) > 1:
        raise StudyQuarantinedError(Code.E_ID_MISMATCH, f"the instances of one study name several {what}")
    return next(iter(values), None)
