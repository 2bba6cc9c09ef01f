"""Says in the frame of the pages why a request was refused; programs get JSON, as everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.configuration import conf
from fastapi import Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from idh_airflow.ui.login import login_address
from idh_airflow.ui.rendering import render
from idh_airflow.ui.rights import reader
from idh_tasks.errors import RunRefusedError

UNAUTHORIZED, FORBIDDEN, INVALID = 401, 403, 422
LOGGED_OUT = (UNAUTHORIZED, FORBIDDEN)
"""Answers of Airflow to a request without a token, with an expired one (401), and with one that it never gave (403)."""
TITLES = {UNAUTHORIZED: "Not logged in", FORBIDDEN: "Not permitted", 404: "Not found"}
SENTENCES = {
    UNAUTHORIZED: "Your session has ended.",
    FORBIDDEN: "Your role does not include this.",
}
"""What to do, where Airflow's own text does not say."""
ROLES = {
    "FabAuthManager": "An administrator can give you another role, under Security, Users.",
    "LocalAuthManager": "On this machine each role has a user of its own: log in as one whose role includes it.",
}
"""Where a person gets another role, by the auth manager of Airflow."""


@contextmanager
def refused_as_conflict() -> Iterator[None]:
    """Answer 409 with code and reason where a pipeline refuses a change."""
    try:
        yield
    except RunRefusedError as error:
        raise HTTPException(409, str(error)) from None


async def refuse(request: Request, error: Exception) -> Response:
    """Return a page for a browser, Airflow's login if nobody is logged in, and JSON for other programs."""
    reads_pages = "text/html" in request.headers.get("accept", "")
    if isinstance(error, RequestValidationError):
        if reads_pages:
            return refusal_page(request, INVALID, _named(error))
        return await request_validation_exception_handler(request, error)
    if not isinstance(error, HTTPException):
        raise error
    if not reads_pages:
        return await http_exception_handler(request, error)
    if error.status_code in LOGGED_OUT and reader(request) is None:
        return _login(request)
    return refusal_page(request, error.status_code, _sentence(error))


def _sentence(error: HTTPException) -> str:
    if error.status_code != FORBIDDEN:
        return SENTENCES.get(error.status_code, error.detail)
    manager = conf.get("core", "auth_manager", fallback="").rpartition(".")[2]
    return f"{SENTENCES[FORBIDDEN]} {ROLES.get(manager, 'An administrator can give you another role.')}"


def _login(request: Request) -> Response:
    """Return Airflow's login; in Airflow's frame, a page with a link to it, because the whole window must log in."""
    if request.headers.get("sec-fetch-dest") == "iframe":
        return refusal_page(request, UNAUTHORIZED, SENTENCES[UNAUTHORIZED], login_address(request))
    return RedirectResponse(login_address(request), 303)


def _named(error: RequestValidationError) -> str:
    names = sorted({str(one["loc"][-1]).replace("_", " ") for one in error.errors()})
    return f"This is not valid in the address or the form: {', '.join(names)}."


def refusal_page(request: Request, status: int, text: str, login: str = "") -> Response:
    """Return a page that says in a sentence why a request was refused."""
    title = TITLES.get(status, "Not done")
    page = render(request, "refusal.html.j2", title=title, text=text[:1].upper() + text[1:], login=login)
    page.status_code = status
    return page
