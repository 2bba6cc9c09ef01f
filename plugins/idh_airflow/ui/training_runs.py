"""The report of a training run inside the pages: its numbers as tables, its figures as files of their own."""

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse

from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_tasks.domain.role import Role
from idh_tasks.domain.run_figure import RunFigure

if TYPE_CHECKING:
    from idh_tasks.pipelines.pages.training_runs import TrainingRun
    from idh_tasks.pipelines.platform import Platform

router = APIRouter(prefix="/models/runs", dependencies=[Right.VIEW.dependency])

DRAWN = [figure for figure in RunFigure if figure is not RunFigure.FLOW]
"""Figures that the page shows as they were drawn; it has the cohort as a table, from what was frozen with the run."""
RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]


def _run(opened: "Platform", run_id: str) -> "TrainingRun":
    from idh_tasks.pipelines.pages.training_runs import training_run

    run = training_run(opened, run_id)
    if run is None:
        raise HTTPException(404, "there is no such training run")
    return run


@router.get("/{run_id}")
def page(request: Request, run_id: RunId) -> HTMLResponse:
    """Return the report of a run."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.run_changes import run_changes
    from idh_tasks.pipelines.pages.run_origin import run_origin
    from idh_tasks.pipelines.pages.training_runs import reported
    from idh_tasks.pipelines.pages.verdicts import verdicts

    opened = platform(Role.PAGES)
    run = _run(opened, run_id)
    return render(
        request,
        "training_run.html.j2",
        run=run,
        report=reported(opened, run),
        origin=run_origin(opened, run_id, run.settings),
        verdicts=verdicts(opened, run_id),
        changes=run_changes(opened, run_id),
        figures=DRAWN,
    )


@router.get("/{run_id}/report.html")
def download(run_id: RunId) -> Response:
    """Return the report of a run as one file to be kept; the browser does not open it among the pages."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.training_runs import whole_report

    opened = platform(Role.PAGES)
    headers = {"Content-Disposition": f'attachment; filename="report-{run_id}.html"'}
    return Response(_found(whole_report(opened, _run(opened, run_id))), media_type="text/html", headers=headers)


@router.get("/{run_id}/{figure}.svg")
def figure(run_id: RunId, figure: RunFigure) -> Response:
    """Return one figure of the report of a run; in an image, a browser runs nothing that it might contain."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages import training_runs

    opened = platform(Role.PAGES)
    drawn = training_runs.figure(opened, _run(opened, run_id), figure)
    return Response(_found(drawn), media_type="image/svg+xml")


def _found(content: bytes | None) -> bytes:
    if content is None:
        raise HTTPException(404, "this run has stored no such file")
    return content
