"""The patient of a report: identifier, birth date and sex, and merges by `Patient.link`."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from idh_tasks.domain.pathology import MergeNotice
from idh_tasks.linkage.feed.fhir.concepts import codes
from idh_tasks.linkage.feed.fhir.dates import day
from idh_tasks.linkage.feed.fhir.references import Node, Resources
from idh_tasks.linkage.feed.fhir.refusal import ResourceRefusedError
from idh_tasks.linkage.feed.identifiers import Identifier, IdentifierChoiceError, choose_identifier

IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
NATIONAL = ("nhs-number", "us-ssn", "us-medicare", "2.16.840.1.113883.4.1", "kvid-10", "1.2.250.1.213.1.4", "fiscale")
"""Parts of the systems of national numbers, which some senders state without a type."""
NOT_IN_USE = ("old", "temp")
GENDERS = ("male", "female", "other", "unknown", None)
COLUMN = "patient_id"


def chosen_identifier(patient: Any, authorities: Collection[str] = ()) -> Identifier:
    """Return the identifier by which the hospital knows the patient.

    Raises
    ------
    ResourceRefusedError
        If there is none, or several that disagree.
    """
    try:
        return choose_identifier([_identifier(one) for one in patient.identifier or ()], authorities)
    except IdentifierChoiceError as error:
        raise ResourceRefusedError(COLUMN, str(error)) from None


def patient_columns(patient: Any, authorities: Collection[str] = ()) -> dict[str, object]:
    """Return the columns of a row that state the patient.

    Raises
    ------
    ResourceRefusedError
        If the record is not in use and none replaces it, or has no usable identifier, or an invalid gender.
    """
    if patient.active is False and not any(_is_replaced(link) for link in patient.link or ()):
        raise ResourceRefusedError(COLUMN, "the patient's record is not in use, and none replaces it")
    if patient.gender not in GENDERS:
        raise ResourceRefusedError("sex", "the patient's gender is none of FHIR's")
    identifier = chosen_identifier(patient, authorities)
    return {
        "issuer": identifier.issuer,
        "patient_id": identifier.value,
        "birth_date": day(patient.birthDate),
        "sex": patient.gender or "",
    }


def merges(patient: Node, resources: Resources, issuer: str, authorities: Collection[str]) -> Iterator[MergeNotice]:
    """Yield the merges that a patient's links state (FHIR R4B Patient.link).

    Raises
    ------
    ResourceRefusedError
        If a link has no time, or joins two issuers, or does not say which record survives (`refer`).
    """
    for link in patient.resource.link or ():
        if link.type == "seealso":
            continue
        if link.type not in ("replaced-by", "replaces"):
            raise ResourceRefusedError(COLUMN, "a link between patients does not say which record survives")
        other = resources.find(link.other, patient, ("Patient",), COLUMN).resource
        pair = (patient.resource, other) if link.type == "replaced-by" else (other, patient.resource)
        prior, surviving = (chosen_identifier(one, authorities) for one in pair)
        stated = {one.issuer or issuer for one in (prior, surviving)}
        if len(stated) != 1 or not all(stated):
            raise ResourceRefusedError("issuer", "a merge must state two identifiers of a single issuer")
        yield MergeNotice(stated.pop(), prior.value, surviving.value, _time(patient.resource))


def _time(patient: Any) -> datetime:
    moment = patient.meta.lastUpdated if patient.meta else None
    if not isinstance(moment, datetime):
        raise ResourceRefusedError(COLUMN, "a link between patients has no time (meta.lastUpdated)")
    return moment.astimezone(UTC)


def _is_replaced(link: Any) -> bool:
    return bool(link.type == "replaced-by")


def _identifier(identifier: Any) -> Identifier:
    assigner = identifier.assigner
    assigned = assigner.identifier.value if assigner and assigner.identifier else None
    names = [name for name in (assigner.display if assigner else None, assigned, identifier.system) if name]
    return Identifier(
        value=(identifier.value or "").strip(),
        issuer=names[0] if names else "",
        kind=_kind(identifier),
        names=tuple(names),
        current=identifier.use not in NOT_IN_USE and not _has_ended(identifier.period),
    )


def _kind(identifier: Any) -> str:
    """Return the code of HL7 table 0203; a type that has none is a type of its own, which is never used."""
    if identifier.type is None:
        system = (identifier.system or "").casefold()
        return "NI" if any(part in system for part in NATIONAL) else ""
    stated = {code for system, code in codes(identifier.type) if system in (IDENTIFIER_TYPES, "")}
    return stated.pop() if len(stated) == 1 else "unknown"


def _has_ended(period: Any) -> bool:
    """Return whether a period has ended; a partial end is compared with that part of today."""
    end = str(period.end or "") if period else ""
    return bool(end) and end[:10] < datetime.now(UTC).strftime("%Y-%m-%d")[: len(end)]
