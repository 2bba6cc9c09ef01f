"""FHIR R4B bundles: DiagnosticReport with its Observations, Patient, Specimen and Procedure."""

import re
from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B.bundle import Bundle

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import Delivery
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.observations import Observation, report_rows
from idh_tasks.linkage.feed.rows import read_rows

PENDING = ("registered", "preliminary")


def read_fhir(content: bytes, issuer: str = "") -> Delivery:
    """Read a bundle.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` if it is no valid bundle, or refers to what it does not hold.
    """
    try:
        bundle = Bundle.model_validate_json(content)
    except Exception:  # validation errors quote the values
        raise RunRefusedError(Code.E_FEED_FORMAT, "the file is no valid FHIR bundle") from None
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
        raise RunRefusedError(Code.E_FEED_FORMAT, "the bundle refers to a resource that it does not hold")
    return entries[name]


def _rows(report: Any, entries: dict[str, Any]) -> Iterator[dict[str, object]]:
    patient = _resolved(report.subject, entries)
    mine, own = (patient.identifier or [None])[0], (report.identifier or [None])[0]
    specimens = [_resolved(reference, entries) for reference in report.specimen or ()]
    collected = next((s.collection.collectedDateTime for s in specimens if s.collection), None)
    head: dict[str, object] = {
        "issuer": (mine.assigner.display if mine and mine.assigner else None) or (mine.system if mine else None),
        "patient_id": mine.value if mine else None,
        "birth_date": patient.birthDate,
        "sex": patient.gender,
        "report_id": own.value if own else report.id,
        "version": _version(report),
        "report_status": report.status,
        "specimen_date": collected,
        "specimen": next((s.identifier[0].value for s in specimens if s.identifier), ""),
        "diagnosis_codes": " ".join(c.code for concept in report.conclusionCode or () for c in concept.coding or ()),
    }
    yield from report_rows(head, list(_observations(report, entries, patient)))


def _version(report: Any) -> str:
    """Return meta.versionId where it is a number, else the time of issue."""
    stated = report.meta.versionId if report.meta else None
    if stated and str(stated).isdigit():
        return str(stated)
    return f"{report.issued:%Y%m%d%H%M%S}" if report.issued else ""


def _observations(report: Any, entries: dict[str, Any], patient: Any) -> Iterator[Observation]:
    codes = " ".join(_words(concept) for concept in report.conclusionCode or ())
    yield Observation("diagnosis", " ".join(filter(None, (report.conclusion, codes))))
    for resource in {id(r): r for r in entries.values()}.values():
        if _is(resource, "Procedure") and _resolved(resource.subject, entries) is patient:
            yield Observation("date of surgery", str(resource.performedDateTime or ""))
    for reference in report.result or ():
        found = _resolved(reference, entries)
        value = _words(found.valueCodeableConcept) if found.valueCodeableConcept else found.valueString or ""
        yield Observation(_words(found.code), value, pending=found.status in PENDING)


def _words(concept: Any) -> str:
    """Return a concept's text, else its displays, with its codes for the tables that know them."""
    displays = " ".join(coding.display or "" for coding in concept.coding or ())
    return re.sub(r"\s+", " ", concept.text or displays).strip()
