"""A FHIR server that pages, changes and fails: every report arrives, or the search fails with a name."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport import fhir_search
from idh_tasks.intake.transport.fhir_search import Page, search_pages
from tests.fhir_server import TOKEN, Answer, FhirServer, fhir_server

EVER = datetime(1990, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_search, "LONGEST_WAIT_S", 0.01)


def reports(count: int) -> list[dict[str, Any]]:
    return [
        {"resourceType": "DiagnosticReport", "id": f"r{n}", "meta": {"lastUpdated": f"2020-01-01T00:{n:02}:00+00:00"}}
        for n in range(count)
    ]


def found(server: FhirServer, since: datetime = EVER) -> list[str]:
    return sorted(name for page in search_pages(server.settings, since) for name in page.found)


def on(number: int, answer: Answer) -> Callable[[FhirServer, int, Answer], Answer]:
    """Return a disturbance that replaces the answer to one request."""
    return lambda _server, request, usual: answer if request == number else usual


def test_all_pages_are_read_and_stay_as_they_were_sent() -> None:
    with fhir_server(resources=reports(5)) as server:
        pages = list(search_pages(server.settings, EVER))
        assert [len(page.found) for page in pages] == [2, 2, 1]
        assert pages[0].content == server.answer(server.requests[0], {"Authorization": f"Bearer {TOKEN}"})[2].replace(
            b"search-4", b"search-1"
        )
        assert pages[-1].latest == datetime(2020, 1, 1, 0, 4, tzinfo=UTC)


def test_the_search_asks_for_changes_with_all_that_a_report_needs() -> None:
    with fhir_server() as server:
        settings = server.settings.model_copy(update={"criteria": "category=PAT,GE&code=51969-4"})
        assert [p.total for p in search_pages(settings, datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))] == [0]
        [asked] = server.requests
    names = ("subject", "result", "specimen")
    for part in ("_lastUpdated=ge2020-01-02T03%3A04%3A05.000Z", *(f"DiagnosticReport%3A{name}" for name in names)):
        assert part in asked
    assert asked.startswith("/fhir/DiagnosticReport?category=PAT%2CGE&code=51969-4&")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    with fhir_server(resources=reports(3), disturb=on(2, (status, {"Retry-After": "1"}, b""))) as server:
        assert found(server) == ["r0", "r1", "r2"]
        assert len(server.requests) == 3


def test_a_server_that_stays_busy_is_asked_a_few_times_only() -> None:
    with fhir_server(disturb=lambda *_: (503, {}, b"")) as server:
        with pytest.raises(TransientError, match="E_FHIR: the FHIR server answered with status 503"):
            found(server)
        assert len(server.requests) == fhir_search.ATTEMPTS


def test_a_page_that_is_cut_off_is_fetched_again() -> None:
    def cut(_server: FhirServer, number: int, usual: Answer) -> Answer:
        return (usual[0], {"Content-Length": str(len(usual[2]))}, usual[2][:-10]) if number == 2 else usual

    with fhir_server(resources=reports(3), disturb=cut) as server:
        assert found(server) == ["r0", "r1", "r2"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"<html>", b"[]", b'{"resourceType": "Bundle", "type": "collection"}',
        b'{"resourceType": "OperationOutcome", "issue": []}',
        b'{"resourceType": "Bundle", "type": "searchset", "entry": [{"fullUrl": "x"}]}',
        b'{"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"resourceType": "OperationOutcome",'
        b' "issue": [{"severity": "error", "code": "processing"}]}}]}',
    ],
)  # fmt: skip
def test_an_answer_that_is_no_complete_page_is_an_error(body: bytes) -> None:
    with fhir_server(disturb=on(1, (200, {}, body))) as server, pytest.raises(TransientError, match="no complete page"):
        found(server)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410])
def test_a_redirect_or_refusal_is_an_error_that_leads_nowhere(status: int) -> None:
    with fhir_server() as other:
        away = {"Location": f"http://127.0.0.1:{other.port}/fhir/DiagnosticReport"}
        with (
            fhir_server(disturb=on(1, (status, away, b""))) as server,
            pytest.raises(TransientError, match=str(status)),
        ):
            found(server)
        assert other.requests == []


def test_a_next_page_on_another_server_gets_no_credentials() -> None:
    with fhir_server() as other:
        link = f'[{{"relation": "next", "url": "http://127.0.0.1:{other.port}/fhir?x"}}]'
        page = f'{{"resourceType": "Bundle", "type": "searchset", "link": {link}}}'.encode()
        with (
            fhir_server(disturb=on(1, (200, {}, page))) as server,
            pytest.raises(TransientError, match="another server"),
        ):
            found(server)
        assert other.requests == []


def test_pages_without_an_end_are_an_error() -> None:
    link = b'[{"relation": "next", "url": "/fhir/DiagnosticReport?_lastUpdated=ge2020-01-01T00:00:00Z&_count=2"}]'
    page = b'{"resourceType": "Bundle", "type": "searchset", "link": ' + link + b"}"
    with fhir_server(disturb=lambda *_: (200, {}, page)) as server:
        with pytest.raises(TransientError, match="no end"):
            found(server)
        assert len(server.requests) == 2


def test_an_expired_token_is_refused_at_any_page() -> None:
    with fhir_server(resources=reports(3), disturb=on(2, (401, {}, b""))) as server:
        with pytest.raises(RunRefusedError, match="E_FHIR_AUTH"):
            found(server)
        assert len(server.requests) == 2


def test_a_login_is_sent_where_there_is_no_token() -> None:
    with fhir_server() as server:
        login = server.settings.model_copy(update={"token": None, "login": "idh", "password": SecretStr("secret")})
        with pytest.raises(RunRefusedError, match="E_FHIR_AUTH"):
            list(search_pages(login, EVER))
        assert server.headers[0]["Authorization"].startswith("Basic ")


def test_credentials_are_not_sent_without_encryption() -> None:
    with fhir_server() as server:
        plain = server.settings.model_copy(update={"url": "http://laboratory.example/fhir"})
        with pytest.raises(RunRefusedError, match="E_UNENCRYPTED"):
            list(search_pages(plain, EVER))


def test_a_report_that_moved_between_the_pages_is_noticed() -> None:
    def update(server: FhirServer, number: int, usual: Answer) -> Answer:
        if number == 1:  # r0 moves to the end, so that r2 moves from the second page to the first
            server.resources[0]["meta"]["lastUpdated"] = "2020-01-02T00:00:00+00:00"
        return usual

    with fhir_server(resources=reports(4), disturb=update) as server:
        with pytest.raises(TransientError, match="3 of 4 reports arrived"):
            found(server)
        assert found(server) == ["r0", "r1", "r2", "r3"]


def test_a_server_that_knows_that_nothing_has_changed_sends_no_page() -> None:
    with fhir_server(resources=reports(1), with_etag=True) as server:
        [page] = search_pages(server.settings, EVER)
        assert list(search_pages(server.settings, EVER, page.etag)) == []
        assert [type(one) for one in search_pages(server.settings, EVER, 'W/"other"')] == [Page]
