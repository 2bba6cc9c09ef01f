"""Pages in a real browser without a server: each address is answered from templates, as Airflow shows them."""

import mimetypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from fastapi import Request
from idh_airflow.places import MOUNT
from idh_airflow.ui.rendering import ENVIRONMENT, FOLDER, render
from idh_airflow.ui.security import HEADERS
from PIL import Image
from playwright.sync_api import Browser, Frame, Page, Route, sync_playwright

INTRANET = "http://airflow.hospital.test"
"""Not a secure context: a browser offers no clipboard here."""
SHOWN = f"{MOUNT}/shown"
SANDBOX = "allow-scripts allow-same-origin allow-forms allow-downloads"
"""Of the frame in which Airflow 3.3 shows a page of a plugin."""
FRAME = (
    '{%% extends "base.html.j2" %%}{%% import "parts.html.j2" as parts with context %%}'
    "{%% block body %%}%s{%% endblock %%}"
)
IN_AIRFLOW = f'<title>Airflow</title><iframe sandbox="{SANDBOX}" src="{SHOWN}" width="100%" height="900"></iframe>'


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; its event loop must have ended before other tests start one."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def rendered(template: str, **values: object) -> str:
    """Return a page as HTML."""
    request = Request({"type": "http", "query_string": b"", "root_path": MOUNT, "headers": []})
    return bytes(render(request, template, **values).body).decode()


def page_with(body: str) -> str:
    """Return a page in the frame of the pages whose body is a template, which may use `parts`."""
    return ENVIRONMENT.from_string(FRAME % body).render(base=MOUNT, title="Test", query="")


def show(page: Page, html: str, origin: str = INTRANET) -> None:
    """Open a page of ours by itself."""
    page.route(f"{origin}/**", lambda route: _answer(route, html))
    page.goto(origin + SHOWN)


def show_in_airflow(page: Page, html: str) -> Frame:
    """Open a page of ours in Airflow's frame, and return the frame."""
    page.route(f"{INTRANET}/**", lambda route: _answer(route, html))
    page.goto(f"{INTRANET}/plugin/idh")
    frame = page.frame(url=INTRANET + SHOWN)
    assert frame is not None
    frame.wait_for_load_state()
    return frame


@cache
def _picture() -> bytes:
    buffer = BytesIO()
    Image.linear_gradient("L").save(buffer, "PNG")
    return buffer.getvalue()


def _answer(route: Route, html: str) -> None:
    path = urlsplit(route.request.url).path
    if path.startswith(f"{MOUNT}/static/"):
        file = FOLDER / path.removeprefix(f"{MOUNT}/")
        kind = mimetypes.guess_type(file)[0] or ""
        route.fulfill(body=file.read_bytes(), content_type=kind, headers=HEADERS | {"Content-Type": kind})
    elif path.endswith(".png"):
        route.fulfill(body=_picture(), headers=HEADERS | {"Content-Type": "image/png"})
    elif path == SHOWN:
        route.fulfill(body=html, headers=HEADERS | {"Content-Type": "text/html; charset=utf-8"})
    else:
        route.fulfill(body=IN_AIRFLOW if path == "/plugin/idh" else path, content_type="text/html")
