"""Where a person logs in, and comes back to the page that they wanted."""

from posixpath import dirname
from urllib.parse import quote, urlencode

from fastapi import Request

from idh_airflow.places import MOUNT

LOGIN = "/api/v2/auth/login"
"""Airflow's own route: it leads to the login of whichever auth manager there is, and refuses a foreign `next`."""
READS = ("GET", "HEAD")


def login_address(request: Request) -> str:
    """Return the address of Airflow's login, which leads back to the page, or to that on which a button was used."""
    base = request.scope.get("root_path", "")
    wanted = urlencode({"next": f"{base}{_page(request, base)}"})
    return f"{base.removesuffix(MOUNT)}{LOGIN}?{wanted}"


def _page(request: Request, base: str) -> str:
    """Return the path of the page below the application; it begins with one slash, so that it names no other host."""
    path = "/" + request.scope["path"].removeprefix(base).lstrip("/\\")
    if request.method not in READS:
        page = dirname(path).rstrip("/")
        return quote(page if page.count("/") > 1 else f"{page}/")  # as the addresses of an item and of a list end
    filters = request.scope["query_string"].decode("ascii", "replace")
    return quote(path) + (f"?{filters}" if filters else "")
