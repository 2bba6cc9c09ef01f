"""Users of a local installation in a real browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from idh_tasks.local import airflow
from tests.e2e.night import Night

LOADED_MS = 60_000


@contextmanager
def logged_in(browser: Browser, night: Night, name: str) -> Iterator[Page]:
    """Open Airflow as a user of `idh up`."""
    base = airflow.base_url(night.installation)
    passwords = json.loads(airflow.passwords_file(night.installation).read_text())
    context = browser.new_context(base_url=base, viewport={"width": 1500, "height": 1000})
    context.set_default_timeout(LOADED_MS)
    page = context.new_page()
    page.goto("/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", passwords[name])
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)
    yield page
    context.close()
