"""Headers of every answer, and the refusal of changes that another site sends."""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

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

Next = Callable[[Request], Awaitable[Response]]


async def protect(request: Request, call_next: Next) -> Response:
    """Refuse changes from other sites, and add the headers."""
    if request.method not in SAFE and is_foreign(request):
        response: Response = PlainTextResponse("this change was sent by another site", 403)
    else:
        response = await call_next(request)
    response.headers.update(HEADERS)
    return response


def is_foreign(request: Request) -> bool:
    """Return whether a browser says that a request came from another origin (Fetch Metadata; else the Origin)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in SAME_SITE
    origin = request.headers.get("origin")
    return origin is not None and origin.split("://", 1)[-1] != request.headers.get("host")
