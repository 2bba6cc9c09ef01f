"""Who is not logged in gets Airflow's login, and comes back to a page of ours and to nowhere else."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from idh_airflow.places import MOUNT
from idh_airflow.ui.app import pages
from idh_airflow.ui.login import login_address
from starlette.requests import Request

from tests.access import CHANGES, READ, address

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CLIENT = TestClient(pages, root_path=MOUNT, follow_redirects=False)
FOREIGN = ("//evil.example", "/\\evil.example", "https://evil.example", "/%2F/evil.example", "///evil.example/x")


def sent_to(answer: httpx.Response) -> str:
    """Return the `next` of the login to which an answer leads."""
    assert answer.status_code == 303
    place = urlsplit(answer.headers["location"])
    assert (place.netloc, place.path) == ("", "/api/v2/auth/login")
    [wanted] = parse_qs(place.query)["next"]
    return wanted


@pytest.mark.parametrize("path", READ)
def test_a_browser_is_sent_to_the_login_and_back_to_the_page(path: str) -> None:
    wanted = address(path) + "?number=2"
    assert sent_to(CLIENT.get(wanted.removeprefix(MOUNT), headers=BROWSER)) == wanted


@pytest.mark.parametrize("path", CHANGES)
def test_after_a_refused_change_the_login_leads_to_the_page_of_its_button(path: str) -> None:
    sent = CLIENT.post(address(path).removeprefix(MOUNT), headers=BROWSER, data=CHANGES[path].form)
    assert sent_to(sent) in {address(page) for page in READ}


@pytest.mark.parametrize("path", [*READ, *CHANGES])
def test_other_programs_are_refused_with_401(path: str) -> None:
    method = "POST" if path in CHANGES else "GET"
    answer = CLIENT.request(method, address(path).removeprefix(MOUNT), headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize("bearer", ["no token", "a.b.c"])
def test_a_token_that_airflow_never_gave_is_no_session(bearer: str) -> None:
    headers = BROWSER | {"Authorization": f"Bearer {bearer}"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("airflow.api_fastapi.core_api.security.get_auth_manager", Refusing)
        assert sent_to(CLIENT.get("/held/", headers=headers)) == f"{MOUNT}/held/"


class Refusing:
    """Knows no token."""

    async def get_user_from_token(self, token: str) -> None:
        from jwt import InvalidTokenError

        raise InvalidTokenError(token)


def test_in_the_frame_of_airflow_the_whole_window_logs_in() -> None:
    answer = CLIENT.get("/held/", headers=BROWSER | {"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 401
    assert 'href="/api/v2/auth/login?next=%2Fidh%2Fheld%2F" target="_top"' in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@given(st.one_of(st.sampled_from(FOREIGN), st.text(st.characters(codec="ascii"), max_size=30)), st.binary(max_size=9))
def test_no_address_leads_to_another_host(method: str, path: str, query: bytes) -> None:
    scope = {"type": "http", "method": method, "root_path": MOUNT, "path": MOUNT + path, "query_string": query}
    [wanted] = parse_qs(urlsplit(login_address(Request(scope))).query)["next"]
    place = urlsplit(wanted)
    assert (place.scheme, place.netloc) == ("", "")
    assert wanted.startswith(f"{MOUNT}/")
    assert not wanted[len(MOUNT) :].startswith(("//", "/\\"))
