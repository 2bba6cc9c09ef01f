"""Who is in the cohort, who is not, and why."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from idh_airflow.ui.parameters import Number, StudyId, Text
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/cohort", dependencies=[Right.VIEW.dependency])


@router.get("/")
def page(request: Request) -> HTMLResponse:
    """Return the flow of the cohort, and age and sex by status."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.cohort import counted_flow

    return render(request, "cohort.html.j2", flow=counted_flow(platform(Role.PAGES)))


@router.get("/patients")
def patients(
    request: Request,
    stage: Text = "",
    reached: Text = "",
    code: Text = "",
    status: Text = "",
    with_patch: Text = "",
    without_patch: Text = "",
    patched: bool = False,
    number: Number = 1,
) -> HTMLResponse:
    """Return the patients whom the flow counts in a group."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.cohort import Group, members

    group = Group(stage, reached, code, status, with_patch, without_patch, patched)
    found = members(platform(Role.PAGES), group, number)
    return render(request, "patients.html.j2", group=group, found=found)


@router.get("/labels/{study_id}")
def label(request: Request, study_id: StudyId) -> HTMLResponse:
    """Return the history of the label of one study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.label import label_history

    return render(request, "label.html.j2", history=label_history(platform(Role.PAGES), study_id))
