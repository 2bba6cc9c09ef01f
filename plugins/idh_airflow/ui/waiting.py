"""The queue of questions: each is answered, and its answer can be taken back."""

from typing import Annotated, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from idh_airflow.assets import JUDGEMENTS
from idh_airflow.ui import questions
from idh_airflow.ui.parameters import Number, Reason
from idh_airflow.ui.refusal import refused_as_conflict
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import Right
from idh_airflow.ui.wake import changed
from idh_tasks.domain.role import Role

router = APIRouter(prefix="/review", dependencies=[Right.VIEW.dependency])

ReviewId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Done = Literal["", "answered", "reopened"]


@router.get("/")
def page(
    request: Request, show: Literal["open", "answered"] = "open", number: Number = 1, done: Done = ""
) -> HTMLResponse:
    """Return the open questions, the oldest first, or the answered ones, the latest answer first."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages import waiting

    read = waiting.waiting if show == "open" else waiting.answered
    return render(request, "review.html.j2", listing=read(platform(Role.PAGES), number), show=show, done=done)


@router.get("/{review_id}")
def one(request: Request, session: SessionDep, review_id: ReviewId, done: Done = "") -> HTMLResponse:
    """Return one question with its context, and its form.

    Parameters
    ----------
    done
        What has just been done with the question before, or with this one.
    """
    return _question(request, session, review_id, done=done)


def _question(request: Request, session: SessionDep, review_id: str, **more: object) -> HTMLResponse:
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.waiting import question
    from idh_tasks.pipelines.review.series_rules import offer

    found = question(platform(Role.PAGES), review_id)
    if found is None:
        raise HTTPException(404, "there is no such question")
    asked = questions.asked(session, found.text.digest)
    values = {"done": "", "texts": None, "rule": offer(platform(Role.PAGES), review_id)} | more
    return render(request, "question.html.j2", found=found, asked=asked, **values)


@router.get("/{review_id}/picture.png")
def picture(review_id: ReviewId) -> Response:
    """Return the picture of a question, by the address that questions in Airflow contain."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.waiting import picture

    content = picture(platform(Role.PAGES), review_id)
    if content is None:
        raise HTTPException(404, "there is no picture of this question")
    return Response(content, media_type="image/png")


@router.post("/{review_id}/texts", dependencies=[Right.READ_REPORTS.dependency])
def texts(request: Request, session: SessionDep, user: GetUserDep, review_id: ReviewId) -> HTMLResponse:
    """Return the question with the texts of its reports; a GET must not, as each reading is an audit event."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.report_texts import read_texts

    return _question(request, session, review_id, texts=read_texts(platform(Role.PAGES), review_id, user.get_name()))


@router.post("/{review_id}/answer", dependencies=[Right.REVIEW.dependency])
def answer(
    request: Request,
    session: SessionDep,
    user: GetUserDep,
    review_id: ReviewId,
    shown: Annotated[str, Form(pattern="^[0-9a-f]{16}$")],
    option: Annotated[str, Form(max_length=64)],
) -> Response:
    """Answer what was shown, as in *Required Actions*, and go on to the next question."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.pages.waiting import question

    found, where = question(platform(Role.PAGES), review_id), questions.asked(session, shown)
    if found is None or found.text.digest != shown or where is None:
        raise HTTPException(409, "this question does not wait for an answer any more, or has changed; open it again")
    questions.answer(session, user, where, option)
    following = found.beside.after or found.beside.before
    return RedirectResponse(f"{request.scope['root_path']}/review/{following or ''}?done=answered", 303)


@router.post("/{review_id}/reopen", dependencies=[Right.REVIEW.dependency])
def reopen(
    request: Request, session: SessionDep, user: GetUserDep, review_id: ReviewId, reason: Reason
) -> RedirectResponse:
    """Take an answer back, and have everything that follows from it decided again."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review.reopening import reopen

    with refused_as_conflict():
        reopen(platform(Role.PAGES), review_id, user.get_name(), reason)
    changed(session, JUDGEMENTS, reopened=review_id)
    return RedirectResponse(f"{request.scope['root_path']}/review/{review_id}?done=reopened", 303)


@router.post("/{review_id}/rule", dependencies=[Right.REVIEW.dependency])
def propose(request: Request, user: GetUserDep, review_id: ReviewId) -> RedirectResponse:
    """Propose the answer as a local rule, and show what it would do."""
    from idh_airflow.connections import platform
    from idh_tasks.pipelines.review import series_rules

    with refused_as_conflict():
        rule_id = series_rules.propose(platform(Role.PAGES), review_id, user.get_name())
    return RedirectResponse(f"{request.scope['root_path']}/rules/{rule_id}", 303)
