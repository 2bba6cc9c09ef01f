"""Who is in the cohort, who is not, and why."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/cohort", dependencies=[Right.VIEW.dependency])


@router.get("/")
def page(request: Request) -> HTMLResponse:
    """Return the flow of the cohort, and age and sex by status."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.link.cohort import flow

    return render(request, "cohort.html.j2", flow=flow(platform(Role.PAGES)))
