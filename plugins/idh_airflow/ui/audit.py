"""Who did what, when."""

import csv
import io
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from idh_airflow.ui.parameters import Text, day
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_tasks.domain.role import Role

if TYPE_CHECKING:
    from idh_tasks.pipelines.pages.events import AuditEvent, EventFilter

router = APIRouter(prefix="/audit", dependencies=[Right.AUDIT.dependency])

MOST_EXPORTED = 10_000
COLUMNS = ("event_id", "occurred_at", "actor", "action", "subject", "detail")


def _filter(
    actor: Text = "",
    action: Text = "",
    subject: Text = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    since: Text = "",
    until: Text = "",
) -> "EventFilter":
    from idh_tasks.pipelines.pages.events import EventFilter

    return EventFilter(actor, action, subject, before, day(since), day(until))


@router.get("/")
def page(request: Request, chosen: Annotated[Any, Depends(_filter)]) -> HTMLResponse:
    """Return the events that meet the filter, the latest first."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.events import audit_page

    found = audit_page(platform(Role.PAGES), chosen)
    return render(request, "audit.html.j2", found=found, chosen=chosen, most_exported=MOST_EXPORTED)


@router.get("/events.csv")
def export(chosen: Annotated[Any, Depends(_filter)]) -> Response:
    """Return the latest events that meet the filter as a table."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for event in _exported(chosen):
        writer.writerow([*(getattr(event, name) for name in COLUMNS[:-1]), json.dumps(event.detail)])
    return _download(table.getvalue(), "text/csv", "audit.csv")


@router.get("/events.fhir.json")
def bundle(chosen: Annotated[Any, Depends(_filter)]) -> Response:
    """Return the latest events that meet the filter as a FHIR R4 Bundle of AuditEvents."""
    from idh_tasks.pipelines.pages.audit_bundle import audit_bundle

    body = json.dumps(audit_bundle(_exported(chosen)))
    return _download(body, "application/fhir+json", "audit.fhir.json")


def _download(body: str, media_type: str, name: str) -> Response:
    return Response(body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _exported(chosen: "EventFilter") -> "list[AuditEvent]":
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.events import events

    return events(platform(Role.PAGES), chosen, MOST_EXPORTED)
