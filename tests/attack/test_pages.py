"""The pages: who may see and do what, what a foreign site can do, and what every answer forbids the browser.

Each test runs with both logins: that of `idh up`, and FAB, which compose runs.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from idh_airflow.places import MOUNT
from idh_airflow.roles import UserRole
from idh_airflow.ui.security import HEADERS
from playwright.sync_api import Browser

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from tests.access import AIRFLOW, HOLDERS, ROUTES, address, rights_of, routes
from tests.attack.people import ANSWER_S, Sessions
from tests.attack.test_tokens import REFUSED

CHANGES = [path for method, path in ROUTES if method != "GET"]
MARKUP = '"><script>alert(1)</script>{{7*7}}${7*7}'
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")


def call(
    installation: Installation,
    method: str,
    path: str,
    bearer: str | None,
    form: Mapping[str, str] | None = None,
    **headers: str,
) -> httpx.Response:
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    url = airflow.base_url(installation) + path
    return httpx.request(method, url, headers=headers, data=form, timeout=ANSWER_S)


def forged(token: str, secret: str, algorithm: str = "HS512", **claims: Any) -> str:
    """Return a token with other claims, signed with a secret."""
    said = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(said | claims, secret, algorithm)


def test_every_route_states_one_permission_and_has_an_expectation() -> None:
    found = {route: rights_of(declared) for route, declared in routes()}
    assert found.keys() == ROUTES.keys(), "enter new routes into tests/access.py, with the right that they need"
    # A change may also need what its list needs: the strictest right decides.
    assert {route for route, rights in found.items() if ROUTES[route].right not in rights} == set()


@pytest.mark.parametrize("role", UserRole)
def test_h04_every_role_may_call_exactly_its_routes(served: Installation, sessions: Sessions, role: UserRole) -> None:
    answers = {
        (method, path): call(served, method, address(path), sessions[role], expected.form).status_code
        for (method, path), expected in ROUTES.items()
    }
    assert answers == {
        route: expected.status if role in HOLDERS[expected.right] else httpx.codes.FORBIDDEN
        for route, expected in ROUTES.items()
    }


@pytest.mark.parametrize("role", UserRole)
def test_h04_no_role_gets_around_the_pages_through_airflow(
    served: Installation, sessions: Sessions, role: UserRole
) -> None:
    refused = {
        (method, path)
        for method, path in AIRFLOW
        if call(served, method, path, sessions[role]).status_code == httpx.codes.FORBIDDEN
    }
    assert refused == {route for route, roles in AIRFLOW.items() if role not in roles}


def test_h05_no_route_answers_without_a_valid_session(served: Installation, sessions: Sessions) -> None:
    token, key = sessions[UserRole.ADMIN], served.secrets["jwt_secret"]
    bearers = {
        "none": None,
        "expired": forged(token, key, exp=int(time.time()) - 3600),
        "foreign key": forged(token, "x" * 64),
        "other audience": forged(token, key, aud="urn:airflow.apache.org:task"),
        "unsigned": forged(token, "", "none"),
        "unknown user": forged(token, key, sub="999999", role=None),
        "no token": "no token",
    }
    admitted = {
        (name, method, path)
        for (method, path), expected in ROUTES.items()
        for name, bearer in bearers.items()
        if call(served, method, address(path), bearer, expected.form).status_code not in REFUSED
    }
    assert admitted == set()


@pytest.mark.parametrize("path", ["/", "/studies/", "/static/idh.js", f"/studies/{'0' * 24}", "/nowhere"])
def test_every_answer_forbids_foreign_content(served: Installation, sessions: Sessions, path: str) -> None:
    answer = call(served, "GET", MOUNT + path, sessions[UserRole.ADMIN])
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_changes_from_another_site_are_refused(
    served: Installation, sessions: Sessions, path: str, headers: dict[str, str]
) -> None:
    answer = call(served, "POST", address(path), sessions[UserRole.ADMIN], ROUTES["POST", path].form, **headers)
    assert (answer.status_code, answer.text) == (httpx.codes.FORBIDDEN, "this change was sent by another site")


def test_no_change_is_made_by_following_a_link() -> None:
    assert {method for method, _ in ROUTES} == {"GET", "POST"}
    with_forms = {route for route, expected in ROUTES.items() if expected.form}
    assert {method for method, _ in with_forms} == {"POST"}


def test_a_person_reads_why_they_were_refused_and_a_program_gets_json(served: Installation, sessions: Sessions) -> None:
    path, viewer = address("/audit/"), sessions[UserRole.VIEWER]
    page = call(served, "GET", path, viewer, Accept="text/html,*/*")
    assert page.status_code == httpx.codes.FORBIDDEN
    assert "Your role does not include this." in page.text
    assert call(served, "GET", path, viewer).json() == {"detail": "Forbidden"}


@pytest.mark.parametrize("expired", [False, True])
def test_a_browser_without_a_session_logs_in_and_comes_back(
    served: Installation, sessions: Sessions, browser: Browser, login: str, *, expired: bool
) -> None:
    base, path = airflow.base_url(served), address("/held/") + "?code=E_DECODE"
    token = forged(sessions[UserRole.ADMIN], served.secrets["jwt_secret"], exp=int(time.time()) - 3600)
    with browser.new_context() as context:
        if expired:
            context.add_cookies([{"name": "_token", "value": token, "url": base}])
        page = context.new_page()
        page.goto(base + path)
        assert urlsplit(page.url).path.startswith("/auth/login")
        password = served.secrets["admin_password"]
        if login == "idh up":
            password = json.loads(airflow.passwords_file(served).read_text())[airflow.USER]
        page.fill("input[name=username]", airflow.USER)
        page.fill("input[name=password]", password)
        page.click("[type=submit]")
        page.wait_for_url(base + path)
        assert page.text_content("h1") == "Held"
