"""The networks in use and those that want to replace them: approval, withdrawal, and a running training."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from idh_airflow.assets import CHAMPIONS
from idh_airflow.ui import approvals
from idh_airflow.ui.parameters import Number, Reason, Text
from idh_airflow.ui.refusal import refused_as_conflict
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.domain.approval import MOST_CHARACTERS
from idh_tasks.domain.role import Role
from idh_tasks.domain.sequence import MrSequence

router = APIRouter(prefix="/models", dependencies=[Right.VIEW.dependency])

Id = Annotated[str, Form(max_length=64)]
RunName = Annotated[str, Form(max_length=250)]
Comment = Annotated[str, Form(max_length=MOST_CHARACTERS, pattern=r"^[^\x00]*$")]
Chosen = Annotated[list[MrSequence], Form(max_length=len(MrSequence))]


@router.get("/")
def page(
    request: Request, session: SessionDep, withdraw: Text = "", withdrawn: Text = "", number: Number = 1
) -> HTMLResponse:
    """Return champions, challengers, a running training and what became of earlier networks.

    Parameters
    ----------
    withdraw
        The champion whose withdrawal is to be confirmed.
    withdrawn
        The sequence whose champion has just been withdrawn.
    """
    return _page(request, session, number, withdraw=withdraw, withdrawn=withdrawn)


def _page(
    request: Request, session: SessionDep, number: int = 1, withdraw: str = "", withdrawn: str = "", problem: str = ""
) -> HTMLResponse:
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.networks import networks
    from idh_tasks.pipelines.pages.progress import running_training
    from idh_tasks.pipelines.pages.training_runs import training_runs

    opened = platform(Role.PAGES)
    found, question = networks(opened), approvals.latest_question(session)
    return render(
        request,
        "models.html.j2",
        found=found,
        question=question if question and question.shows(found.digest) else None,
        training=running_training(opened),
        runs=training_runs(opened, number),
        withdraw=withdraw,
        withdrawn=withdrawn,
        problem=problem,
        most_characters=MOST_CHARACTERS,
    )


@router.get("/progress")
def progress(request: Request) -> HTMLResponse:
    """Return how far a running training is: the part of the page that is read again every few seconds."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.progress import running_training

    return render(request, "progress.html.j2", training=running_training(platform(Role.PAGES)))


@router.post("/approve", dependencies=[Right.APPROVE.dependency])
def approve(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    dag_run: RunName,
    shown: Id,
    decision: Annotated[str, Form(pattern="^(promote|none)$")],
    comment: Comment = "",
    sequence: Chosen = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Answer the question which networks become champions; the answer is Airflow's, as from *Required Actions*."""
    question = approvals.latest_question(session)
    if question is None or not question.waits or question.dag_run_id != dag_run or not question.shows(shown):
        raise HTTPException(409, "this question does not wait for an answer any more; open the page again")
    if decision == "promote" and not sequence:
        answer = _page(request, session, problem="Choose at least one sequence, or promote none.")
        answer.status_code = 422
        return answer
    chosen = [one.value for one in sequence] if decision == "promote" else []
    approvals.answer(session, user, dag_run, chosen, comment.strip())
    return RedirectResponse(f"{request.scope['root_path']}/models/", 303)


@router.post("/rollback", dependencies=[Right.APPROVE.dependency])
def rollback(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    sequence: Annotated[MrSequence, Form()],
    champion: Id,
    reason: Reason,
) -> Response:
    """Make the previous champion champion again, and wake prediction."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate.withdrawal import roll_back

    with refused_as_conflict():
        previous = roll_back(platform(Role.PAGES), sequence, user.get_name(), champion, reason)
    changed(session, CHAMPIONS, model_id=previous)
    return RedirectResponse(f"{request.scope['root_path']}/models/?withdrawn={sequence.value}", 303)


@router.post("/withdraw", dependencies=[Right.APPROVE.dependency])
def withdraw(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    sequence: Annotated[MrSequence, Form()],
    champion: Id,
    reason: Reason,
) -> Response:
    """Withdraw a champion without a successor, and wake prediction: documents with its figure are superseded."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.operate import withdrawal

    with refused_as_conflict():
        withdrawal.withdraw(platform(Role.PAGES), sequence, champion, reason, user.get_name())
    changed(session, CHAMPIONS, withdrawn=champion)
    return RedirectResponse(f"{request.scope['root_path']}/models/?withdrawn={sequence.value}", 303)
