"""A small S3 server that answers as particular products do; it keeps the requests for the test."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from pydantic import SecretStr

from idh_tasks.settings import StoreSettings

Headers = Mapping[str, str]


@dataclass
class StubStore:
    """One bucket.

    Parameters
    ----------
    refused
        Beginnings of header names that this store rejects with InvalidArgument, as those do that do not know them.
    answered
        Headers that it adds to its answers; an ETag among them replaces the MD5.
    """

    refused: tuple[str, ...] = ()
    answered: Mapping[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[Headers] = field(default_factory=list)
    customer_key_md5: str = ""

    def refusal(self, headers: Headers) -> tuple[int, str] | None:
        """Return status and code with which the store refuses a request, or None."""
        names = [name for name in headers if name.startswith(self.refused)] if self.refused else []
        if names or headers.get("if-match") == "*":
            return 400, "InvalidArgument"
        if headers.get("x-amz-server-side-encryption-customer-key-md5", "") != self.customer_key_md5:
            return 400, "InvalidRequest"
        return None


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: StubStore

    def do_GET(self) -> None:
        headers = self._noted()
        content = self.store.objects.get(self.path.split("?")[0])
        if refused := self.store.refusal(headers):
            self._fail(*refused)
        elif content is None:
            self._fail(404, "NoSuchKey")
        elif "if-match" in headers and headers["if-match"] not in (f'"{_md5(content).hex()}"', self._etag(content)):
            self._fail(412, "PreconditionFailed")
        else:
            self._answer(content, content)

    def do_PUT(self) -> None:
        headers = self._noted()
        content = self.rfile.read(int(headers.get("content-length", "0")))
        if refused := self.store.refusal(headers):
            self._fail(*refused)
        elif base64.b64decode(headers.get("content-md5", "")) != _md5(content):
            self._fail(400, "InvalidDigest")
        else:
            self.store.objects[self.path] = content
            self._answer(b"", content)

    def _noted(self) -> Headers:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.store.requests.append(headers)
        return headers

    def _etag(self, content: bytes) -> str:
        return self.store.answered.get("ETag", f'"{_md5(content).hex()}"')

    def _answer(self, body: bytes, content: bytes) -> None:
        self._send(200, {"ETag": self._etag(content), **self.store.answered}, body)

    def _fail(self, status: int, code: str) -> None:
        self._send(status, {}, f"<Error><Code>{code}</Code><Message>secret-text</Message></Error>".encode())

    def _send(self, status: int, headers: Headers, body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def served(store: StubStore, **settings: object) -> Iterator[StoreSettings]:
    """Serve a store on loopback, and yield the settings that lead to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        plain = StoreSettings(endpoint=address, access_key="key", secret_key=SecretStr("secret"), bucket="b")
        yield plain.model_copy(update=settings)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
