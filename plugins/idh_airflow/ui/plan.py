"""The plan: what was prepared with an earlier version, and whether it is made again."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from idh_airflow.assets import WORK
from idh_airflow.ui.refusal import refused_as_conflict
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.domain.again import Scope
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/plan", dependencies=[Right.VIEW.dependency])


@router.get("/")
def page(request: Request) -> HTMLResponse:
    """Return what making studies again would cost, and how far it is."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.plan import plan

    return render(request, "plan.html.j2", plan=plan(platform(Role.PAGES)))


@router.post("/start", dependencies=[Right.OPERATE.dependency])
def start(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    scope: Annotated[Scope, Form()],
    version: Annotated[str, Form(max_length=64)],
) -> RedirectResponse:
    """Have studies made again in the background, and start the DAG that does it."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate import making_again

    with refused_as_conflict():
        studies = making_again.start(platform(Role.PAGES), scope, version, user.get_name())
    if not studies:
        raise HTTPException(409, "all of these studies are up to date, or wait to be made again already")
    changed(session, WORK, studies=studies)
    return _back(request)


@router.post("/stop", dependencies=[Right.OPERATE.dependency])
def stop(request: Request, user: GetUserDep) -> RedirectResponse:
    """Make none of the studies again that is not begun."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate import making_again

    if not making_again.stop(platform(Role.PAGES), user.get_name()):
        raise HTTPException(409, "no study waits to be made again now")
    return _back(request)


def _back(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{request.scope['root_path']}/plan/", 303)
