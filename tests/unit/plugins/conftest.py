"""A browser for the pages that are shown without a server, and a task for what it says last."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from idh_airflow import closing
from playwright.sync_api import Browser, Page

from tests.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium for the tests of one file."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty page with nothing of the test before."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the XComs of the running task, of which one is its last sentence."""
    found: dict[str, Any] = {}
    task = SimpleNamespace(xcom_push=lambda key, value: found.update({key: value}))
    monkeypatch.setattr(closing, "get_current_context", lambda: {"ti": task})
    return found
