"""What is held and why, and what was tried again."""

from collections.abc import Sequence
from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from idh_airflow.assets import WORK
from idh_airflow.ui.parameters import Number, Text
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.codes import Code
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/held", dependencies=[Right.VIEW.dependency])

Chosen = Annotated[Sequence[str], Form(max_length=1000)]


@router.get("/")
def page(request: Request, code: Text = "", study: Text = "", number: Number = 1) -> HTMLResponse:
    """Return what is held with a code, or of a study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.held import held

    found = held(platform(Role.PAGES), code, study, number)
    return render(request, "held.html.j2", held=found, code=code, study=study)


@router.get("/tried")
def tried(request: Request, number: Number = 1) -> HTMLResponse:
    """Return what was tried again, by whom, and what became of it."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.held import tried_again

    return render(request, "tried.html.j2", tried=tried_again(platform(Role.PAGES), number))


@router.post("/readmit", dependencies=[Right.OPERATE.dependency])
def readmit(request: Request, user: GetUserDep, subject: Chosen = ()) -> Response:
    """Have the next night try held deliveries again, and return to the list."""
    if not subject:
        raise HTTPException(422, "nothing was chosen: tick at least one line of the list, then try again")
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate.readmission import readmit

    readmit(platform(Role.PAGES), list(subject), user.get_name())
    return RedirectResponse(f"{request.scope['root_path']}/held/", 303)


@router.post("/readmit-code", dependencies=[Right.OPERATE.dependency])
def readmit_all(request: Request, user: GetUserDep, code: Annotated[Code, Form()]) -> Response:
    """Have the next night try again everything that is held with a code, and return to the list."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate.readmission import readmit_code

    if not readmit_code(platform(Role.PAGES), code, user.get_name()):
        raise HTTPException(409, f"nothing that can be tried again is held with {code} now")
    return RedirectResponse(f"{request.scope['root_path']}/held/", 303)


@router.post("/retry", dependencies=[Right.OPERATE.dependency])
def retry(request: Request, session: SessionDep, user: GetUserDep, work: Chosen = ()) -> Response:
    """Have work that was given up tried again at once, and return to the list."""
    if not work:
        raise HTTPException(422, "nothing was chosen: tick at least one line of the list, then try again")
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate import given_up

    return _tried(request, session, given_up.retry(platform(Role.PAGES), user.get_name(), names=work))


@router.post("/retry-all", dependencies=[Right.OPERATE.dependency])
def retry_all(request: Request, session: SessionDep, user: GetUserDep) -> Response:
    """Have everything that was given up tried again at once, and return to the list."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate import given_up

    return _tried(request, session, given_up.retry_all(platform(Role.PAGES), user.get_name()))


def _tried(request: Request, session: SessionDep, items: int) -> Response:
    if not items:
        raise HTTPException(409, "none of this is given up now")
    changed(session, WORK, items=items)
    return RedirectResponse(f"{request.scope['root_path']}/held/#given-up", 303)
