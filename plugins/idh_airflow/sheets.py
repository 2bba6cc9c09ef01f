"""Serves the quality sheets of studies, and links them from the tasks that drew them."""

from html import escape
from typing import Any

from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink
from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse

from idh_airflow.access import StudyId, require_dag
from idh_tasks.domain.role import Role

DAG_ID, TASK_ID = "preprocess_studies", "preprocess_batch"
PREFIX = "/idh/sheets"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Quality sheets</title>
<style>body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem }}
img {{ width: 30rem }} figure {{ display: inline-block }}</style>
<h1>Quality sheets</h1>
<p>The newest sheet of each study, the latest first. For research use; not for diagnosis.</p>
{figures}</html>"""

sheets = FastAPI(title="Quality sheets", docs_url=None, redoc_url=None, openapi_url=None)


@sheets.get("/")
def index(user: GetUserDep) -> HTMLResponse:
    """Return a page with the newest sheet of every study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.preprocess.sheets import newest_sheets

    require_dag(DAG_ID, user)
    figures = (
        f'<figure><a href="{name}.png"><img loading="lazy" src="{name}.png" alt="study {name}"></a>'
        f"<figcaption>{name}, {sheet.created_at:%Y-%m-%d %H:%M}</figcaption></figure>"
        for sheet in newest_sheets(platform(Role.PAGES))
        for name in [escape(sheet.study_id)]
    )
    return HTMLResponse(PAGE.format(figures="".join(figures)))


@sheets.get("/{study_id}.png")
def picture(study_id: StudyId, user: GetUserDep) -> Response:
    """Return the newest sheet of one study."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.preprocess.sheets import newest_sheets

    require_dag(DAG_ID, user)
    newest = newest_sheets(platform(Role.PAGES), study_id)
    if not newest:
        raise HTTPException(404, "no sheet was drawn for this study")
    return Response(platform(Role.PAGES).store.get(newest[0].object_key), media_type="image/png")


class QualitySheets(BaseOperatorLink):
    """The link on a task of `preprocess_batch`."""

    name = "Quality sheets"
    operators = [_PythonDecoratedOperator]  # noqa: RUF012 - Airflow reads it

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the address of the sheets, and nothing for other tasks."""
        return f"{PREFIX}/" if (ti_key.dag_id, ti_key.task_id) == (DAG_ID, TASK_ID) else ""
