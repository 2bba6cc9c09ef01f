"""A small FHIR server that pages by offset, as many do, and misbehaves on demand."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import SecretStr

from idh_tasks.endpoints import FhirSettings

Answer = tuple[int, dict[str, str], bytes]
TOKEN = "t0ken"


@dataclass
class FhirServer:
    """Answers searches for reports; `disturb` may replace the answer to the request with this number, from 1."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    disturb: Callable[["FhirServer", int, Answer], Answer] = lambda _server, _number, answer: answer
    with_total: bool = True
    with_etag: bool = False
    port: int = 0
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def settings(self) -> FhirSettings:
        """Return how to reach it, with two reports per page."""
        url = f"http://127.0.0.1:{self.port}/fhir"
        return FhirSettings(url=url, token=SecretStr(TOKEN), page=2, timeout_s=5)

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        """Return the answer to a request."""
        self.requests.append(path)
        self.headers.append(headers)
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {}, b""
        return self.disturb(self, len(self.requests), self._page(path, headers))

    def _page(self, path: str, headers: dict[str, str]) -> Answer:
        if path.endswith("/metadata"):
            return 200, {}, json.dumps({"resourceType": "CapabilityStatement"}).encode()
        query = parse_qs(urlsplit(path).query)
        if query.get("_summary") == ["count"]:
            return 200, {}, json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 1}).encode()
        since, offset, count = query["_lastUpdated"][0][2:], int(query.get("offset", ["0"])[0]), int(query["_count"][0])
        reports = [r for r in self.resources if r["resourceType"] == "DiagnosticReport" and _updated(r) >= _time(since)]
        reports.sort(key=_updated)
        shown = reports[offset : offset + count]
        others = [r for r in self.resources if r["resourceType"] != "DiagnosticReport"] if shown else []
        links = [{"relation": "self", "url": path}]
        if len(reports) > offset + count:
            more = urlencode({key: values[0] for key, values in query.items()} | {"offset": offset + count})
            links.append({"relation": "next", "url": f"http://127.0.0.1:{self.port}/fhir/DiagnosticReport?{more}"})
        page = {"resourceType": "Bundle", "type": "searchset", "id": f"search-{len(self.requests)}", "link": links,
                "entry": [{"resource": one} for one in (*shown, *others)]}  # fmt: skip
        etag = f'W/"{hash(json.dumps(page["entry"]))}"'
        if self.with_etag and headers.get("If-None-Match") == etag:
            return 304, {}, b""
        body = json.dumps(page | ({"total": len(reports)} if self.with_total else {})).encode()
        return 200, {"Content-Type": "application/fhir+json"} | ({"ETag": etag} if self.with_etag else {}), body


@contextmanager
def fhir_server(**state: Any) -> Iterator[FhirServer]:
    """Run a server on a free port of the loopback interface."""
    stub = FhirServer(**state)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = stub.answer(self.path, dict(self.headers))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.port = server.server_port
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()


def _updated(resource: dict[str, Any]) -> datetime:
    return _time(resource["meta"]["lastUpdated"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
