"""An outline to correct: images and outline are downloaded, a corrected outline is uploaded, and may be withdrawn."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from idh_airflow.ui.parameters import Reason, StudyId
from idh_airflow.ui.refusal import refused_as_conflict
from idh_airflow.ui.rights import Right
from idh_airflow.ui.uploads import uploaded_file
from idh_airflow.ui.wake import started
from idh_tasks.domain.role import Role
from idh_tasks.errors import ObjectVanishedError, StudyQuarantinedError

router = APIRouter(prefix="/studies", dependencies=[Right.REVIEW.dependency])

SeriesId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")]


@router.get("/{study_id}/series/{series_id}.zip")
def series(user: GetUserDep, study_id: StudyId, series_id: SeriesId) -> Response:
    """Return the de-identified images of a series; each download is an audit event."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import outlines

    content = outlines.series(platform(Role.PAGES), study_id, series_id, user.get_name())
    if content is None:
        raise HTTPException(404, "there is no such series of this study")
    return _file(content, "application/zip", f"{study_id[:8]}-{series_id[:8]}.zip")


@router.get("/{study_id}/outline.nii.gz")
def outline(user: GetUserDep, study_id: StudyId) -> Response:
    """Return the outline in use or proposed last, in the space of the patches; each download is an audit event."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import outlines

    try:
        content = outlines.outline(platform(Role.PAGES), study_id, user.get_name())
    except ObjectVanishedError:
        content = None
    if content is None:
        raise HTTPException(404, "no outline of this study is stored yet; the next run of preprocess_studies stores it")
    return _file(content, "application/gzip", f"{study_id[:8]}-outline.nii.gz")


@router.post("/{study_id}/outline")
def submit(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    study_id: StudyId,
    content: Annotated[bytes, Depends(uploaded_file)],
) -> RedirectResponse:
    """Submit a corrected outline, and have the study preprocessed with it; a reviewer is then asked to accept it."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import outlines

    try:
        with refused_as_conflict():
            outlines.submit(platform(Role.PAGES), study_id, content, user.get_name())
    except StudyQuarantinedError as error:
        raise HTTPException(422, f"{error.code}: {error.reason}") from None
    started(session, "preprocess_studies", user.get_name())
    return RedirectResponse(f"{request.scope['root_path']}/studies/{study_id}", 303)


@router.post("/{study_id}/withdraw-outline")
def withdraw(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    study_id: StudyId,
    sha256: Annotated[str, Form(pattern="^[0-9a-f]{64}$")],
    reason: Reason,
) -> RedirectResponse:
    """Withdraw the outline that was submitted last, and have the study preprocessed without it."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import outlines

    with refused_as_conflict():
        outlines.withdraw(platform(Role.PAGES), study_id, sha256, reason, user.get_name())
    started(session, "preprocess_studies", user.get_name())
    return RedirectResponse(f"{request.scope['root_path']}/studies/{study_id}", 303)


def _file(content: bytes, media_type: str, name: str) -> Response:
    """Return a file that a browser saves under a name of ours."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
