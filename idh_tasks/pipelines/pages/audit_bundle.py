"""The audit log as FHIR R4 AuditEvents."""

from collections.abc import Iterable
from typing import Any

from idh_tasks.pipelines.pages.events import AuditEvent, written

ACTIVITY = {
    "system": "http://dicom.nema.org/resources/ontology/DCM",
    "code": "110100",
    "display": "Application Activity",
}
"""DICOM PS3.16, context group 400."""


def audit_bundle(events: Iterable[AuditEvent]) -> dict[str, Any]:
    """Return a FHIR R4 Bundle of type `collection` with one AuditEvent per event."""
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": _audit_event(event)} for event in events],
    }


def _audit_event(event: AuditEvent) -> dict[str, Any]:
    return {
        "resourceType": "AuditEvent",
        "id": str(event.event_id),
        "type": ACTIVITY,
        "subtype": [{"display": event.action}],
        "action": "E",
        "recorded": event.occurred_at.isoformat(),
        "outcome": "0",
        "agent": [{"who": {"display": event.actor}, "requestor": True}],
        "source": {"observer": {"display": "radiogenomic platform"}},
        "entity": [{"what": {"identifier": {"value": event.subject}}} | _details(event)],
    }


def _details(event: AuditEvent) -> dict[str, Any]:
    """Return the details of an event; FHIR knows no empty list."""
    if not event.detail:
        return {}
    return {"detail": [{"type": name, "valueString": written(value)} for name, value in event.detail.items()]}
