"""The networks in use and those that want to replace them; a champion can be withdrawn."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from idh_airflow.assets import CHAMPIONS
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MrSequence

router = APIRouter(prefix="/models", dependencies=[Right.VIEW.dependency])

ModelId = Annotated[str, Form(max_length=64)]


@router.get("/")
def page(request: Request, withdraw: str = "") -> HTMLResponse:
    """Return champions, challengers, a running training and what became of earlier networks.

    `withdraw` names the champion whose withdrawal is to be confirmed.
    """
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.networks import networks

    return render(request, "models.html.j2", found=networks(platform(Role.PAGES)), withdraw=withdraw)


@router.post("/rollback", dependencies=[Right.APPROVE.dependency])
def rollback(
    request: Request, session: SessionDep, user: GetUserDep, sequence: Annotated[MrSequence, Form()], champion: ModelId
) -> Response:
    """Make the previous champion champion again, and wake prediction."""
    from idh_airflow.connections import platform
    from idh_tasks.errors import RunRefusedError
    from idh_tasks.pipelines.operate.withdrawal import roll_back

    try:
        previous = roll_back(platform(Role.PAGES), sequence, user.get_name(), champion)
    except RunRefusedError as error:
        raise HTTPException(409, str(error)) from None
    changed(session, CHAMPIONS, model_id=previous)
    return RedirectResponse(f"{request.scope['root_path']}/models/", 303)
