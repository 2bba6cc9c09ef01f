"""Sources and settings: whether every connection works, and which settings are in force."""

import os
from typing import Annotated, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.runs import latest_run, made_in_airflow, refused_settings
from idh_airflow.ui.wake import started
from idh_tasks.domain.role import Role
from idh_tasks.domain.source import Source

router = APIRouter(prefix="/sources", dependencies=[Right.VIEW.dependency])

DAG_ID = "check_sources"
REFRESH_S = 3


@router.get("/")
def page(request: Request, session: SessionDep) -> HTMLResponse:
    """Return every connection with its last test, and every setting; while a test runs, the page refreshes itself."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.sources import sources

    run = latest_run(session, DAG_ID)
    found = sources(platform(Role.PAGES), os.environ, refused_settings(session))
    answer = render(request, "sources.html.j2", found=found, run=run, made=made_in_airflow(session))
    if run.going:
        answer.headers["Refresh"] = str(REFRESH_S)
    return answer


@router.post("/test", dependencies=[Right.OPERATE.dependency])
def test(
    request: Request, session: SessionDep, user: GetUserDep, source: Annotated[Source | Literal["all"], Form()]
) -> Response:
    """Have a worker test one source or all of them, unless a test is running, and return to the page."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate.check import record_request

    if not latest_run(session, DAG_ID).going:
        wanted = [source] if isinstance(source, Source) else list(Source)
        started(session, DAG_ID, user.get_name(), sources=wanted)
        record_request(platform(Role.PAGES), wanted, user.get_name())
    return RedirectResponse(f"{request.scope['root_path']}/sources/", 303)
