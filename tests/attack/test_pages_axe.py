"""Every page can be read and used by everyone: axe finds nothing serious, in light and in dark."""

from collections.abc import Mapping
from typing import Literal, get_type_hints

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.responses import HTMLResponse
from idh_airflow.roles import UserRole
from playwright.sync_api import Browser

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from tests.access import address, routes
from tests.attack.people import Sessions

FRAGMENT = "/models/progress"
"""A part of the page of models, which includes it."""
READ = [
    path
    for (method, path), route in routes()
    if method == "GET" and get_type_hints(route.endpoint)["return"] is HTMLResponse and path != FRAGMENT
]
REFUSED = "/nowhere"
GRAVE = {"serious", "critical"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [*READ, REFUSED])
def test_axe_finds_nothing_serious(
    fab: Installation,
    filled: Mapping[str, str],
    colleagues: Sessions,
    browser: Browser,
    path: str,
    scheme: Literal["light", "dark"],
) -> None:
    headers = {"Authorization": f"Bearer {colleagues[UserRole.ADMIN]}"}
    url = airflow.base_url(fab) + address(path, filled)
    with browser.new_context(color_scheme=scheme, extra_http_headers=headers) as context:
        page = context.new_page()
        answer = page.goto(url)
        assert answer is not None
        assert answer.ok is (path != REFUSED)
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found if rule["impact"] in GRAVE] == []
