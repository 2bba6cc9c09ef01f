"""FHIR R4B bundles: DiagnosticReport with its Observations, Patient, Specimen and Procedure."""

import re
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from fhir.resources.R4B.bundle import Bundle

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import FeedContent
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.observations import Observation, ObservationState, report_rows
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.linkage.versions import time_digits

FINAL = ("final", "amended", "corrected", "appended")
PENDING = ("registered", "preliminary")


def read_fhir(content: bytes, issuer: str = "") -> FeedContent:
    """Read a bundle.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` if it is not a valid bundle, or refers to a resource that it does not contain.
    """
    try:
        bundle = Bundle.model_validate_json(content)
    except Exception:  # validation errors quote the content
        raise RunRefusedError(Code.E_FEED_FORMAT, "the file is not a valid FHIR R4B bundle") from None
    entries: dict[str, Any] = {name: entry.resource for entry in bundle.entry or () for name in _names(entry)}
    reports = {id(r): r for r in entries.values() if _is(r, "DiagnosticReport")}
    return read_rows([row for report in reports.values() for row in _rows(report, entries)], issuer)


def _is(resource: Any, kind: str) -> bool:
    return bool(resource.get_resource_type() == kind)


def _names(entry: Any) -> tuple[str, ...]:
    short = f"{entry.resource.get_resource_type()}/{entry.resource.id}"
    return (entry.fullUrl, short) if entry.fullUrl else (short,)


def _resolved(reference: Any, entries: dict[str, Any]) -> Any:
    name = reference.reference if reference is not None else None
    if name not in entries:
        raise RunRefusedError(Code.E_FEED_FORMAT, "the bundle refers to a resource that it does not contain")
    return entries[name]


def _rows(report: Any, entries: dict[str, Any]) -> Iterator[dict[str, object]]:
    patient = _resolved(report.subject, entries)
    patient_identifier, report_identifier = (patient.identifier or [None])[0], (report.identifier or [None])[0]
    specimens = [_resolved(reference, entries) for reference in report.specimen or ()]
    collected = next((s.collection.collectedDateTime for s in specimens if s.collection), None)
    columns: dict[str, object] = {
        "issuer": _issuer(patient_identifier) if patient_identifier else None,
        "patient_id": patient_identifier.value if patient_identifier else None,
        "birth_date": patient.birthDate,
        "sex": patient.gender,
        "report_id": report_identifier.value if report_identifier else report.id,
        "version": _version(report),
        "revision": _revision(report),
        "report_status": report.status,
        "specimen_date": collected,
        "specimen": next((s.identifier[0].value for s in specimens if s.identifier), ""),
        "diagnosis_codes": " ".join(c.code for concept in report.conclusionCode or () for c in concept.coding or ()),
    }
    yield from report_rows(columns, list(_observations(report, entries, patient)))


def _issuer(identifier: Any) -> Any:
    """Return the name of the assigning organisation, or else the namespace (FHIR Identifier)."""
    return (identifier.assigner.display if identifier.assigner else None) or identifier.system


def _version(report: Any) -> str:
    """Return the time of the last change or else of issue in UTC, or else meta.versionId."""
    stated = _revision(report)
    moment = (report.meta.lastUpdated if report.meta else None) or report.issued
    if moment is None or (stated is not None and time_digits(stated)):
        return "" if stated is None else str(stated)
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"


def _revision(report: Any) -> int | None:
    """Return meta.versionId if it is a number: it orders the versions of one server (FHIR Resource.meta)."""
    stated = str(report.meta.versionId or "") if report.meta else ""
    return int(stated) if stated.isdecimal() else None


def _observations(report: Any, entries: dict[str, Any], patient: Any) -> Iterator[Observation]:
    codes = " ".join(_words(concept) for concept in report.conclusionCode or ())
    yield Observation("diagnosis", " ".join(filter(None, (report.conclusion, codes))))
    for resource in {id(r): r for r in entries.values()}.values():
        if _is(resource, "Procedure") and _resolved(resource.subject, entries) is patient:
            yield Observation("date of surgery", str(resource.performedDateTime or ""))
    for reference in report.result or ():
        result = _resolved(reference, entries)
        value = _words(result.valueCodeableConcept) if result.valueCodeableConcept else result.valueString or ""
        yield Observation(_words(result.code), value, _state(result.status))


def _state(status: str) -> ObservationState:
    """Return the state for a code of FHIR's ObservationStatus; an unknown code counts as withdrawn."""
    if status in FINAL:
        return ObservationState.FINAL
    return ObservationState.PENDING if status in PENDING else ObservationState.WITHDRAWN


def _words(concept: Any) -> str:
    """Return the text of a concept, or else the display names of its codings."""
    displays = " ".join(coding.display or "" for coding in concept.coding or ())
    return re.sub(r"\s+", " ", concept.text or displays).strip()
