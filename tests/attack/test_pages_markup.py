"""What comes from outside, in a parameter or in a row, is text on every page: neither markup nor template."""

from collections.abc import Iterator, Mapping

import httpx
import pytest
from idh_airflow.roles import UserRole

from idh_tasks.domain.role import Role
from idh_tasks.local import airflow, up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.platform import Platform
from tests.access import ROUTES, address, routes
from tests.attack.people import ANSWER_S, Sessions
from tests.database import run_sql
from tests.history import store_report

MARKUP = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
TEMPLATE = "{{7000*7}}${7000*7}#{7000*7}<%= 7000*7 %>"
EVALUATED = "49000"
STORED = """
UPDATE idh.study SET manufacturer = :text;
UPDATE idh.series SET evidence = :text, reason = :text;
UPDATE idh.patch SET reason = :text WHERE code IS NOT NULL;
UPDATE idh.quarantine SET reason = :text;
UPDATE idh.report SET rule = :text, evidence = :text;
UPDATE idh.review SET options = ARRAY[:text];
UPDATE idh.sequence_result SET reason = :text WHERE code IS NOT NULL;
UPDATE idh.comparison_result SET name = :text;
UPDATE idh.judgement SET verdict = :text, decided_by = :text, comment = :text;
INSERT INTO idh.audit_event (actor, action, subject, detail)
VALUES (:text, :text, :text, jsonb_build_object(:text, :text));
"""


def called(fab: Installation, admin: str, address: str) -> httpx.Response:
    url = airflow.base_url(fab) + address
    return httpx.get(url, headers={"Authorization": f"Bearer {admin}"}, timeout=ANSWER_S)


def is_text(answer: httpx.Response) -> bool:
    """Return whether a page shows neither the markup as such nor the value of the template."""
    if "html" not in answer.headers["content-type"]:
        return answer.headers["x-content-type-options"] == "nosniff"
    return not any(sign in answer.text for sign in ("<script>alert", "<img src=x", EVALUATED))


def filters() -> Iterator[tuple[str, str]]:
    """Yield path and name of every parameter of every page."""
    for (method, path), route in routes():
        needed = (route.dependant, *route.dependant.dependencies)
        names = [parameter.name for part in needed for parameter in part.query_params]
        yield from ((path, name) for name in names if method == "GET")


@pytest.mark.parametrize(("path", "name"), filters())
def test_h06_markup_in_a_parameter_is_text(fab: Installation, colleagues: Sessions, path: str, name: str) -> None:
    answer = called(fab, colleagues[UserRole.ADMIN], f"{address(path)}?{httpx.QueryParams({name: MARKUP})}")
    assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
    assert is_text(answer)


@pytest.mark.parametrize(("path", "name"), filters())
def test_h07_a_template_in_a_parameter_is_text(fab: Installation, colleagues: Sessions, path: str, name: str) -> None:
    answer = called(fab, colleagues[UserRole.ADMIN], f"{address(path)}?{httpx.QueryParams({name: TEMPLATE})}")
    assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
    assert is_text(answer)


def test_h06_markup_and_templates_in_rows_are_text(
    fab: Installation, filled: Mapping[str, str], colleagues: Sessions
) -> None:
    platform, text = Platform(up.settings(fab, Role.OWNER)), MARKUP + TEMPLATE
    run_sql(platform, STORED, text=text)
    store_report(platform, filled["run_id"], text)
    shown = set()
    for path in (path for method, path in ROUTES if method == "GET" and not path.endswith((".png", ".zip", ".gz"))):
        answer = called(fab, colleagues[UserRole.ADMIN], address(path, filled))
        assert answer.is_success, path
        assert is_text(answer), path
        shown |= {path} if "&lt;script&gt;alert" in answer.text else set()
    assert shown >= {"/studies/", "/studies/{study_id}", "/held/", "/models/", "/models/runs/{run_id}", "/audit/"}
