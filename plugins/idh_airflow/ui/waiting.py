"""The queue of open questions."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.studies import Number
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/review", dependencies=[Right.VIEW.dependency])


@router.get("/")
def page(request: Request, number: Number = 1) -> HTMLResponse:
    """Return the open questions, the oldest first."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.waiting import waiting

    return render(request, "review.html.j2", waiting=waiting(platform(Role.PAGES), number))
