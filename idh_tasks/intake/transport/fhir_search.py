"""Asks a FHIR server for the reports that have changed, page by page (FHIR R4B 3.1.1, 3.2.1)."""

import json
import logging
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from idh_tasks.codes import Code
from idh_tasks.domain.encryption import require_encrypted_url
from idh_tasks.endpoints import FhirSettings
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport.inflate import (
    ACCEPTED_CODINGS,
    MAX_ANSWER_BYTES,
    AnswerRefusedError,
    inflated,
)

# It logs the address of every request, in which a server may put what it likes.
logging.getLogger("httpx").setLevel(logging.WARNING)

ATTEMPTS = 5
LONGEST_WAIT_S = 30.0
TEMPORARY = (429, 500, 502, 503, 504)
MAX_PAGES = 10_000
INCLUDES = (
    ("_include", "DiagnosticReport:subject"),
    ("_include", "DiagnosticReport:result"),
    ("_include", "DiagnosticReport:specimen"),
    ("_include:iterate", "Observation:has-member"),
    ("_include:iterate", "Observation:derived-from"),
    ("_include:iterate", "Specimen:parent"),
    ("_revinclude:iterate", "Procedure:patient"),
)
"""What each page must contain beside the reports, so that it can be read by itself."""


@dataclass(frozen=True)
class Page:
    """One page of the result, as the server sent it.

    Parameters
    ----------
    found
        Addresses or ids of the reports that match, without what is included with them.
    latest
        Latest `meta.lastUpdated` of these reports.
    total
        How many reports match on all pages, if the server says so.
    """

    content: bytes
    found: frozenset[str]
    latest: datetime | None
    total: int | None
    next_url: str | None
    etag: str


class _TemporaryError(Exception):
    """The server may answer later."""

    def __init__(self, reason: str, wait_s: float = 0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


def search_pages(server: FhirSettings, since: datetime, etag: str = "") -> Iterator[Page]:
    """Yield the pages of reports that have changed since a time; none if the server knows that nothing has.

    Parameters
    ----------
    etag
        Entity tag of the same search, if it had one page.

    Raises
    ------
    TransientError
        ``E_FHIR`` after bounded retries, for an answer that is no complete page, and where reports are missing at the
        end because they moved between the pages while these were read.
    RunRefusedError
        ``E_FHIR_AUTH`` if the server refuses the login or token, ``E_UNENCRYPTED`` if it would receive it unencrypted.
    """
    _check_encryption(server)
    found: set[str] = set()
    with _client(server) as client:
        for page in _pages(client, _first_url(server, since), etag):
            found |= page.found
            yield page
            if page.next_url is None and page.total is not None and len(found) < page.total:
                raise TransientError(
                    Code.E_FHIR, f"{len(found)} of {page.total} reports arrived; the pages have changed"
                )


def probe(server: FhirSettings) -> None:
    """Check, without retries, that this is a FHIR server (FHIR R4B 3.1.0.10) and lets us count its reports.

    Raises
    ------
    TransientError
        ``E_FHIR`` if it does not answer correctly.
    RunRefusedError
        ``E_FHIR_AUTH`` if it refuses the login or token, ``E_UNENCRYPTED`` if it would receive it unencrypted.
    """
    _check_encryption(server)
    address = server.url.rstrip("/")
    count = urlencode([*parse_qsl(server.criteria), ("_summary", "count")])
    with _client(server) as client:
        try:
            stated = _answer(client, f"{address}/metadata", {})
            _answer(client, f"{address}/DiagnosticReport?{count}", {})
        except _TemporaryError as error:
            raise TransientError(Code.E_FHIR, str(error)) from None
    if b'"CapabilityStatement"' not in stated.content:
        raise TransientError(Code.E_FHIR, "the address is not that of a FHIR server")


def _pages(client: httpx.Client, url: str | None, etag: str) -> Iterator[Page]:
    seen: set[str] = set()
    headers = {"If-None-Match": etag} if etag else {}
    while url is not None:
        if url in seen or len(seen) >= MAX_PAGES:
            raise TransientError(Code.E_FHIR, "the pages of the server have no end")
        seen.add(url)
        response = _get(client, url, headers)
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return
        page = _page(response)
        yield page
        url, headers = page.next_url, {}


def _first_url(server: FhirSettings, since: datetime) -> str:
    moment = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    changed = [*parse_qsl(server.criteria), ("_lastUpdated", f"ge{moment}")]
    paging = [("_sort", "_lastUpdated"), ("_total", "accurate"), ("_count", str(server.page))]
    return f"{server.url.rstrip('/')}/DiagnosticReport?{urlencode([*changed, *paging, *INCLUDES])}"


def _check_encryption(server: FhirSettings) -> None:
    require_encrypted_url("the FHIR server", server.url, private=server.private_network)


def _client(server: FhirSettings) -> httpx.Client:
    headers = {"Accept": "application/fhir+json", **ACCEPTED_CODINGS}
    if server.token is not None:
        headers["Authorization"] = f"Bearer {server.token.get_secret_value()}"
    password = server.password.get_secret_value() if server.password else ""
    login = httpx.BasicAuth(server.login, password) if server.login and server.token is None else None
    # No ~/.netrc and no proxy of the environment; a redirect would send our credentials to another address.
    return httpx.Client(
        headers=headers,
        auth=login,
        verify=_tls(server),
        timeout=server.timeout_s,
        trust_env=False,
        follow_redirects=False,
    )


def _tls(server: FhirSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(server.tls_ca) if server.tls_ca else None)
    if server.tls_certificate:
        context.load_cert_chain(server.tls_certificate, server.tls_key)
    return context


def _get(client: httpx.Client, url: str, headers: Mapping[str, str]) -> httpx.Response:
    """Send a request, again where the server may answer later."""
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS), wait=_wait, retry=retry_if_exception_type(_TemporaryError), reraise=True
    )
    try:
        return retrying(_answer, client, url, headers)
    except _TemporaryError as error:
        raise TransientError(Code.E_FHIR, str(error)) from None


def _answer(client: httpx.Client, url: str, headers: Mapping[str, str]) -> httpx.Response:
    try:
        response = _whole(client, url, headers)
    except AnswerRefusedError:
        raise TransientError(Code.E_FHIR, "an answer of the FHIR server is too large, or packed wrongly") from None
    except httpx.HTTPError as error:  # its text contains the address
        what = "cannot be reached" if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else "failed"
        raise _TemporaryError(f"the FHIR server {what} ({type(error).__name__})") from None
    status = response.status_code
    if status in TEMPORARY:
        raise _TemporaryError(f"the FHIR server answered with status {status}", _retry_after(response))
    if status in (401, 403):
        raise RunRefusedError(Code.E_FHIR_AUTH, f"the FHIR server refuses the login or token (status {status})")
    if status not in (200, 304):
        raise TransientError(Code.E_FHIR, f"the FHIR server answered with status {status}")
    return response


def _whole(client: httpx.Client, url: str, headers: Mapping[str, str]) -> httpx.Response:
    """Return an answer that is unpacked to at most so many bytes, as if it had come unpacked."""
    with client.stream("GET", url, headers=dict(headers)) as answer:
        coding = answer.headers.get("Content-Encoding", "")
        content = b"".join(inflated(answer.iter_raw(), coding, MAX_ANSWER_BYTES))
        stated = [(name, value) for name, value in answer.headers.multi_items() if name != "content-encoding"]
        return httpx.Response(answer.status_code, headers=stated, content=content, request=answer.request)


_backoff = wait_exponential_jitter(initial=0.3, max=LONGEST_WAIT_S, jitter=0.3)


def _wait(state: RetryCallState) -> float:
    """Return the seconds to the next try: what the server asks for, within limits, and at least a growing pause."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, _TemporaryError) else 0
    return min(max(asked, _backoff(state)), LONGEST_WAIT_S)


def _retry_after(response: httpx.Response) -> float:
    stated = response.headers.get("Retry-After", "")
    return float(stated) if stated.isascii() and stated.isdigit() else 0


def _page(response: httpx.Response) -> Page:
    try:
        raw = json.loads(response.content.decode("utf-8"))
        entries = raw.get("entry", [])
        matches = [e for e in entries if e["resource"]["resourceType"] == "DiagnosticReport"]
        broken = any(e["resource"]["resourceType"] == "OperationOutcome" and _is_error(e["resource"]) for e in entries)
        is_page = raw["resourceType"] == "Bundle" and raw["type"] == "searchset" and not broken
        stated = [e["resource"].get("meta", {}).get("lastUpdated") for e in matches]
        updated = [datetime.fromisoformat(moment).astimezone(UTC) for moment in stated if moment]
        found = frozenset(str(e.get("fullUrl") or e["resource"]["id"]) for e in matches)
        next_url = _next_url(raw.get("link", []), response.url)
    except (ValueError, KeyError, TypeError, AttributeError):  # its text quotes the content
        is_page = False
    if not is_page:
        raise TransientError(Code.E_FHIR, "the FHIR server sent no complete page of a search")
    total = raw.get("total")
    latest = max(updated, default=None)
    etag = response.headers.get("ETag", "")
    return Page(response.content, found, latest, total if isinstance(total, int) else None, next_url, etag)


def _is_error(outcome: Mapping[str, Any]) -> bool:
    return any(issue["severity"] in ("error", "fatal") for issue in outcome["issue"])


def _next_url(links: list[dict[str, str]], url: httpx.URL) -> str | None:
    """Return the address of the next page, which must be on the same server: it gets our credentials."""
    stated = next((link["url"] for link in links if link["relation"] == "next"), None)
    if stated is None:
        return None
    address = httpx.URL(urljoin(str(url), stated))
    if (address.scheme, address.host, address.port) != (url.scheme, url.host, url.port):
        raise TransientError(Code.E_FHIR, "the FHIR server names a next page on another server")
    return str(address)
