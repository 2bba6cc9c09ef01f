"""The morning page: what happened last night."""

from datetime import UTC, datetime

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.runs import latest_runs, refused_settings

router = APIRouter(dependencies=[Right.VIEW.dependency])


@router.get("/")
def page(request: Request, session: SessionDep) -> HTMLResponse:
    """Return the morning page."""
    return _tonight(request, session, "tonight.html.j2")


@router.get("/card")
def card(request: Request, session: SessionDep) -> HTMLResponse:
    """Return the stages, what is red and the four tiles, for Airflow's dashboard."""
    return _tonight(request, session, "card.html.j2")


def _tonight(request: Request, session: SessionDep, template: str) -> HTMLResponse:
    from idh_airflow.connections import platform
    from idh_tasks.domain.role import Role
    from idh_tasks.pipelines.pages.tonight import tonight

    morning = tonight(platform(Role.PAGES), datetime.now(UTC))
    return render(request, template, morning=morning, runs=latest_runs(session), settings=refused_settings(session))
