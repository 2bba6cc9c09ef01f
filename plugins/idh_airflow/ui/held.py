"""What is held, and why."""

from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.studies import Number, Text
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/held", dependencies=[Right.VIEW.dependency])


@router.get("/")
def page(request: Request, code: Text = "", study: Text = "", number: Number = 1) -> HTMLResponse:
    """Return what is held with a code, or of a study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.held import held

    return render(request, "held.html.j2", held=held(platform(Role.PAGES), code, study, number), code=code, study=study)


@router.post("/readmit", dependencies=[Right.OPERATE.dependency])
def readmit(request: Request, user: GetUserDep, subject: Annotated[list[str], Form(max_length=1000)]) -> Response:
    """Have the next night try held deliveries again, and return to the list."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate.readmission import readmit

    readmit(platform(Role.PAGES), subject, user.get_name())
    return RedirectResponse(f"{request.scope['root_path']}/held/", 303)
