"""The roles under FAB are those of the code, whatever was changed in the UI."""

import time
from collections.abc import Iterable
from typing import Any

import httpx
from idh_airflow.places import MOUNT
from idh_airflow.roles import PERMISSIONS, Permission, UserRole
from playwright.sync_api import Browser

from idh_tasks.local import airflow
from idh_tasks.local.installation import Installation
from tests.attack.people import ANSWER_S, Sessions
from tests.topology import FAB

SESSION_S = 60 * int(airflow.configuration()["AIRFLOW__FAB__SESSION_LIFETIME_MINUTES"])
ADDED: Permission = ("can_edit", "Connections")
REMOVED: Permission = ("can_read", "Plugins")


def roles(installation: Installation, admin: str, path: str = "", **patch: Any) -> dict[str, Any]:
    method = "PATCH" if patch else "GET"
    address = f"{airflow.base_url(installation)}/auth/fab/v1/roles{path}"
    headers = {"Authorization": f"Bearer {admin}"}
    answer = httpx.request(method, address, headers=headers, json=patch or None, timeout=ANSWER_S)
    content: dict[str, Any] = answer.raise_for_status().json()
    return content


def permissions(role: dict[str, Any]) -> set[Permission]:
    return {(pair["action"]["name"], pair["resource"]["name"]) for pair in role["actions"]}


def written(pairs: Iterable[Permission]) -> list[dict[str, dict[str, str]]]:
    return [{"action": {"name": action}, "resource": {"name": resource}} for action, resource in pairs]


def test_every_role_has_exactly_its_permissions(fab: Installation, colleagues: Sessions) -> None:
    for role, expected in PERMISSIONS.items():
        assert permissions(roles(fab, colleagues[UserRole.ADMIN], f"/{role.fab_name}")) == expected


def test_a_changed_role_is_reset_at_the_next_start_and_nobody_else_becomes_an_administrator(
    fab: Installation, colleagues: Sessions
) -> None:
    admin, path = colleagues[UserRole.ADMIN], f"/{UserRole.VIEWER.fab_name}"
    own = PERMISSIONS[UserRole.VIEWER]
    changed = written(own - {REMOVED} | {ADDED})
    roles(fab, admin, path, name=UserRole.VIEWER.fab_name, actions=changed)
    assert permissions(roles(fab, admin, path)) == own - {REMOVED} | {ADDED}
    airflow.prepare(fab, airflow.environment(fab) | {airflow.AUTH_MANAGER: FAB})
    assert permissions(roles(fab, admin, path)) == own
    users = httpx.get(
        f"{airflow.base_url(fab)}/auth/fab/v1/users",
        headers={"Authorization": f"Bearer {admin}"},
        timeout=ANSWER_S,
    ).json()["users"]
    assert [user["username"] for user in users if {"name": "Admin"} in user["roles"]] == [airflow.USER]


def test_a_person_logs_in_and_the_session_renews_the_token_of_the_pages(fab: Installation, browser: Browser) -> None:
    base = airflow.base_url(fab)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{base}/auth/login/")
        page.fill("input[name=username]", airflow.USER)
        page.fill("input[name=password]", fab.secrets["admin_password"])
        page.click("input[type=submit]")
        context.clear_cookies(name="_token")
        page.goto(f"{base}{MOUNT}/")
        assert context.cookies(f"{base}{MOUNT}/"), "Airflow's login knows the session"
        page.goto(f"{base}{MOUNT}/")
        assert page.text_content("h1") == "Tonight"
        [session] = [cookie for cookie in context.cookies() if cookie.get("name") == "session"]
        assert 0 < session["expires"] - time.time() <= SESSION_S
