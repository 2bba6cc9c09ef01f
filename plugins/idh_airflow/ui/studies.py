"""The list of studies, the page of one study, and its pictures."""

from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from idh_airflow.task_links import task_address
from idh_airflow.ui.parameters import Number, StudyId, Text, day, moment
from idh_airflow.ui.refusal import refusal_page
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_tasks.domain.role import Role

router = APIRouter(dependencies=[Right.VIEW.dependency])

First = Annotated[str, Query(pattern=r"^([0-9a-f]{24})?$")]
Task = Annotated[str, Query(max_length=600, pattern=r"^[^\x00]*$")]


@router.get("/studies/")
@router.get("/sheets/")
def page(
    request: Request,
    study: Text = "",
    state: Text = "",
    attention: Text = "",
    vendor: Text = "",
    label: Text = "",
    with_patch: Text = "",
    without_patch: Text = "",
    flag: Text = "",
    code: Text = "",
    task: Task = "",
    since: Text = "",
    until: Text = "",
    predicted_since: Text = "",
    first: First = "",
    number: Number = 1,
) -> HTMLResponse:
    """Return the studies that meet the filters: as a table, or their quality sheets."""
    from idh_airflow.connections import platform
    from idh_tasks.domain.sequence import MODEL_SEQUENCES
    from idh_tasks.pipelines.pages.studies import State, StudyFilter, studies

    chosen = StudyFilter(
        study=study.strip().lower(),
        state=state,
        attention=attention,
        vendor=vendor,
        label=label,
        with_patch=with_patch,
        without_patch=without_patch,
        flag=flag.strip().upper(),
        code=code.strip().upper(),
        task=task.strip("/"),
        since=moment(since),
        until=day(until),
        predicted_since=moment(predicted_since),
    )
    found = studies(platform(Role.PAGES), chosen, number, first)
    template = "sheets.html.j2" if request.url.path.endswith("/sheets/") else "studies.html.j2"
    return render(request, template, found=found, chosen=chosen, sequences=MODEL_SEQUENCES, states=list(State))


@router.post("/studies/find")
def find(
    request: Request, user: GetUserDep, wanted: Annotated[str, Form(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]
) -> Response:
    """Open the study with an accession number or a Study Instance UID, which never stands in an address."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.lookup import find_studies

    found = find_studies(platform(Role.PAGES), wanted.strip(), user.get_name())
    if not found:
        # On the page alone: what was typed names a patient, and exceptions may be logged.
        return refusal_page(
            request, 404, f"no study here has the accession number or Study Instance UID “{wanted.strip()}”."
        )
    if len(found) > 1:
        raise HTTPException(409, "several studies have this accession number; enter the Study Instance UID")
    return RedirectResponse(f"{request.scope['root_path']}/studies/{found[0]}", 303)


@router.get("/studies/{study_id}")
def one(request: Request, study_id: StudyId) -> HTMLResponse:
    """Return the page of one study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.study import study
    from idh_tasks.pipelines.review.study_judgements import judgements

    opened = platform(Role.PAGES)
    found = study(opened, study_id)
    if found is None:
        raise HTTPException(404, "there is no such study")
    judged = judgements(opened, study_id)
    return render(request, "study.html.j2", study=found, judged=judged, task_address=task_address)


@router.get("/studies/{study_id}/{name}.png")
def picture(study_id: StudyId, name: str) -> Response:
    """Return a picture of a study: a sheet, slices, a patch or a proposed outline."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.pictures import picture

    content = picture(platform(Role.PAGES), study_id, name)
    if content is None:
        raise HTTPException(404, "there is no such picture of this study")
    return Response(content, media_type="image/png")


@router.get("/outlines/{study_id}.png")
def proposal(study_id: StudyId) -> Response:
    """Return the outline that was proposed last, by the address that questions in Airflow contain."""
    return picture(study_id, "proposal")
