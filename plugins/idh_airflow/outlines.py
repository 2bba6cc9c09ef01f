"""Serves the pictures of proposed outlines to users who may see `review_cases`."""

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Response

from idh_airflow.access import StudyId, require_dag
from idh_tasks.domain.role import Role

outlines = FastAPI(title="Proposed outlines", docs_url=None, redoc_url=None, openapi_url=None)


@outlines.get("/{study_id}.png")
def picture(study_id: StudyId, user: GetUserDep) -> Response:
    """Return the picture of the outline proposed last for a study."""
    from idh_airflow.connections import platform
    from idh_tasks.errors import RunRefusedError
    from idh_tasks.pipelines.review import questions

    require_dag("review_cases", user)
    try:
        return Response(questions.outline_picture(platform(Role.PAGES), study_id), media_type="image/png")
    except RunRefusedError:
        raise HTTPException(404, "no outline was proposed for this study") from None
