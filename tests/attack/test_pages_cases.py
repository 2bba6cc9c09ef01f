"""No input makes a page fail: schemathesis reads the OpenAPI of the pages and calls them with good and bad values.

`make pages` tries more cases than `make test`.
"""

import os
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from idh_airflow.places import MOUNT
from idh_airflow.roles import UserRole
from idh_airflow.ui.app import pages
from schemathesis import Case, GenerationMode, openapi

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from tests.access import ROUTES
from tests.attack.people import ANSWER_S, Sessions

CASES = int(os.environ.get("IDH_PAGE_CASES", "8"))
"""Per route and kind of values."""
SCHEMA = openapi.from_dict(pages.openapi())
SERVER_ERRORS = 500


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_value_makes_a_page_fail(
    fab: Installation, filled: Mapping[str, str], colleagues: Sessions, method: str, path: str, mode: GenerationMode
) -> None:
    address = airflow.base_url(fab) + MOUNT
    headers = {"Authorization": f"Bearer {colleagues[UserRole.ADMIN]}"}

    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(SCHEMA[path][method].as_strategy(generation_mode=mode))
    def call(case: "Case[Any]") -> None:
        answer = case.call(base_url=address, headers=headers, timeout=ANSWER_S, allow_redirects=False)
        assert answer.status_code < SERVER_ERRORS

    call()


def test_every_route_is_in_the_schema() -> None:
    described = {(method.upper(), path) for path, methods in pages.openapi()["paths"].items() for method in methods}
    assert described == ROUTES.keys()
