"""Who did what, when."""

import csv
import io
import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.studies import Text
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
) -> "EventFilter":
    from idh_tasks.pipelines.pages.events import EventFilter

    return EventFilter(actor, action, subject, before)


@router.get("/")
def page(request: Request, chosen: Annotated[Any, Depends(_filter)]) -> HTMLResponse:
    """Return the events that meet the filter, the latest first."""
    return render(request, "audit.html.j2", events=_events(chosen), chosen=chosen)


@router.get("/events.csv")
def export(chosen: Annotated[Any, Depends(_filter)]) -> Response:
    """Return the latest events that meet the filter as a table."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    for event in _events(chosen, MOST_EXPORTED):
        writer.writerow([*(getattr(event, name) for name in COLUMNS[:-1]), json.dumps(event.detail)])
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(table.getvalue(), media_type="text/csv", headers=headers)


def _events(chosen: "EventFilter", size: int | None = None) -> "list[AuditEvent]":
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.events import events
    from idh_tasks.pipelines.pages.listing import SIZE

    return events(platform(Role.PAGES), chosen, size or SIZE)
