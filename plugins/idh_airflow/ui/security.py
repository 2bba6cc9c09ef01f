"""Headers of every answer, and the refusal of requests that no page of ours sends."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

from idh_airflow.ui import uploads

HEADERS = {
    # Airflow shows the pages in a frame of its own origin.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SAFE = {"GET", "HEAD", "OPTIONS"}
SAME_SITE = {"same-origin", "none"}
"""Values of Sec-Fetch-Site for a request from our own pages, or typed by the user."""

MOST_BYTES = 1_000_000
"""Of a change without a file; a page sends far less, and states the length."""
NO_NUL = "a text cannot contain the NUL character"

Next = Callable[[Request], Awaitable[Response]]


async def protect(request: Request, call_next: Next) -> Response:
    """Refuse changes from other sites and values that cannot be stored, and add the headers."""
    response = await _refusal(request) or await call_next(request)
    response.headers.update(HEADERS)
    return response


async def _refusal(request: Request) -> Response | None:
    if request.method not in SAFE:
        if is_foreign(request):
            return PlainTextResponse("this change was sent by another site", 403)
        upload = uploads.UPLOAD.fullmatch(_path(request)) is not None
        most = uploads.MOST_BYTES if upload else MOST_BYTES
        if not 0 <= int(request.headers.get("content-length", most)) < most:
            return PlainTextResponse("this change is too large", 413)
        # A file may hold any byte, and is read once its sender is known to have the right.
        if not upload and _has_nul(await request.body()):
            return PlainTextResponse(NO_NUL, 422)
    sent = request.scope["query_string"] + request.scope["path"].encode(errors="surrogateescape")
    return PlainTextResponse(NO_NUL, 422) if _has_nul(sent) else None


def _path(request: Request) -> str:
    """Return the path below that of the application."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", ""))


def _has_nul(sent: bytes) -> bool:
    """Return whether a text holds the NUL character, which PostgreSQL refuses."""
    return b"\0" in sent or b"%00" in sent


def is_foreign(request: Request) -> bool:
    """Return whether a browser says that a request came from another origin (Fetch Metadata; else the Origin)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in SAME_SITE
    origin = request.headers.get("origin")
    return origin is not None and origin.split("://", 1)[-1] != request.headers.get("host")
