"""The pages: who may see which, what a foreign site can do, and what every answer forbids the browser."""

import time
from typing import Any

import httpx
import jwt
import pytest
from fastapi.routing import APIRoute
from idh_airflow.ui.app import PREFIX, pages
from idh_airflow.ui.security import HEADERS

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from tests.attack.test_tokens import ANSWER_S, REFUSED, person

UNKNOWN_STUDY = "0" * 24
ROUTES = sorted(
    (method, route.path.replace("{study_id}", UNKNOWN_STUDY))
    for route in pages.routes
    if isinstance(route, APIRoute)
    for method in route.methods
)
READERS = ("viewer", "user", "op", "admin")
OPERATORS = ("user", "op", "admin")
pytestmark = pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")


def token(installation: Installation, **claims: Any) -> str:
    secret = claims.pop("secret", installation.secrets["jwt_secret"])
    return jwt.encode(person() | claims, secret, "HS512")


def call(installation: Installation, method: str, path: str, bearer: str | None, **headers: str) -> httpx.Response:
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return httpx.request(method, f"{airflow.base_url(installation)}{PREFIX}{path}", headers=headers, timeout=ANSWER_S)


def test_the_matrix_has_every_route() -> None:
    assert len(ROUTES) >= 10
    assert ("GET", "/audit/events.csv") in ROUTES


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_page_is_shown_without_a_valid_session(attacked: Installation, method: str, path: str) -> None:
    past = int(time.time()) - 3600
    bearers = {
        "none": None,
        "expired": token(attacked, exp=past),
        "foreign key": token(attacked, secret="x" * 64),
        "other audience": token(attacked, aud="urn:airflow.apache.org:task"),
        "unsigned": jwt.encode(person(), "", "none"),
        "no role": token(attacked, role=None),
    }
    answers = {name: call(attacked, method, path, bearer).status_code for name, bearer in bearers.items()}
    assert {name: status for name, status in answers.items() if status not in REFUSED} == {}


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_role_reads_and_only_operators_change(attacked: Installation, role: str, method: str, path: str) -> None:
    answer = call(attacked, method, path, token(attacked, role=role))
    assert answer.status_code == expected(role, method, path)


def expected(role: str, method: str, path: str) -> int:
    """Return the answer to a request for an empty platform; a change lacks its form."""
    if method != "GET":
        return httpx.codes.UNPROCESSABLE_ENTITY if role in OPERATORS else httpx.codes.FORBIDDEN
    return httpx.codes.NOT_FOUND if UNKNOWN_STUDY in path else httpx.codes.OK


@pytest.mark.parametrize("path", ["/", "/studies/", "/static/idh.js", f"/studies/{UNKNOWN_STUDY}", "/nowhere"])
def test_every_answer_forbids_foreign_content(attacked: Installation, path: str) -> None:
    answer = call(attacked, "GET", path, token(attacked))
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_changes_from_another_site_are_refused(attacked: Installation, headers: dict[str, str]) -> None:
    answer = call(attacked, "POST", "/held/readmit", token(attacked), **headers)
    assert (answer.status_code, answer.text) == (httpx.codes.FORBIDDEN, "this change was sent by another site")


@pytest.mark.parametrize("name", ["study", "label", "code", "vendor", "since"])
def test_markup_in_a_filter_is_text(attacked: Installation, name: str) -> None:
    address = f"/studies/?{name}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E{{{{7*7}}}}"
    answer = call(attacked, "GET", address, token(attacked))
    assert "<script>alert" not in answer.text
    assert "49" not in answer.text
