"""What reviewers say on the page of a study: exclude it, take it in again, disagree with a prediction."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from idh_airflow.assets import JUDGEMENTS
from idh_airflow.ui.parameters import Reason, StudyId
from idh_airflow.ui.refusal import refused_as_conflict
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.domain.review import ImageFault
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/studies", dependencies=[Right.REVIEW.dependency])


@router.post("/{study_id}/exclude")
def exclude(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    study_id: StudyId,
    fault: Annotated[ImageFault, Form()],
    reason: Reason,
) -> RedirectResponse:
    """Exclude a study for a fault of its images, and have its patient linked anew."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import study_judgements

    with refused_as_conflict():
        study_judgements.exclude(platform(Role.PAGES), study_id, fault, reason, user.get_name())
    changed(session, JUDGEMENTS, study=study_id)
    return _back(request, study_id)


@router.post("/{study_id}/take-in")
def take_in(
    request: Request, session: SessionDep, user: GetUserDep, study_id: StudyId, reason: Reason
) -> RedirectResponse:
    """End the exclusion of a study, and have its patient linked anew."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import study_judgements

    with refused_as_conflict():
        study_judgements.take_in(platform(Role.PAGES), study_id, reason, user.get_name())
    changed(session, JUDGEMENTS, study=study_id)
    return _back(request, study_id)


@router.post("/{study_id}/disagree")
def disagree(
    request: Request,
    user: GetUserDep,
    study_id: StudyId,
    patch: Annotated[str, Form(max_length=64)],
    model: Annotated[str, Form(max_length=64)],
    reason: Reason,
) -> RedirectResponse:
    """Record that the reader disagrees with a prediction."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import study_judgements

    with refused_as_conflict():
        study_judgements.disagree(platform(Role.PAGES), study_id, patch, model, reason, user.get_name())
    return _back(request, study_id)


def _back(request: Request, study_id: str) -> RedirectResponse:
    return RedirectResponse(f"{request.scope['root_path']}/studies/{study_id}", 303)
