"""The list of studies, and the page of one study."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse

from idh_airflow.access import StudyId
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/studies", dependencies=[Right.VIEW.dependency])

Text = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Query(ge=1, le=10_000)]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise HTTPException(422, "a date is written as 2026-01-31") from None


@router.get("/")
def page(
    request: Request,
    study: Text = "",
    vendor: Text = "",
    label: Text = "",
    with_patch: Text = "",
    without_patch: Text = "",
    code: Text = "",
    since: Text = "",
    until: Text = "",
    number: Number = 1,
) -> HTMLResponse:
    """Return the studies that meet the filters."""
    from idh_airflow.connections import platform
    from idh_tasks.domain.sequence import MODEL_SEQUENCES
    from idh_tasks.pipelines.pages.studies import StudyFilter, studies

    chosen = StudyFilter(study, vendor, label, with_patch, without_patch, code, _day(since), _day(until))
    found = studies(platform(Role.PAGES), chosen, number)
    return render(request, "studies.html.j2", found=found, chosen=chosen, sequences=MODEL_SEQUENCES)


@router.get("/{study_id}")
def one(request: Request, study_id: StudyId) -> HTMLResponse:
    """Return the page of one study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.study import study

    found = study(platform(Role.PAGES), study_id)
    if found is None:
        raise HTTPException(404, "there is no such study")
    return render(request, "study.html.j2", study=found)


@router.get("/{study_id}/sheet.png")
def sheet(study_id: StudyId) -> Response:
    """Return the newest quality sheet of a study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.preprocess.sheets import newest_sheets

    opened = platform(Role.PAGES)
    newest = newest_sheets(opened, study_id)
    if not newest:
        raise HTTPException(404, "no sheet was drawn for this study")
    return Response(opened.store.get(newest[0].object_key), media_type="image/png")
