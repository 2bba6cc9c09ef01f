"""A DICOMweb archive that misbehaves: bounded retries, a named error, and no credentials for other hosts."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import SecretStr

from idh_tasks.endpoints import DicomwebSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.transport import dicomweb
from idh_tasks.intake.transport.dicomweb_session import RETRIES

EVER = (date(1990, 1, 1), date(2100, 1, 1))
LISTED = [{"0020000D": {"vr": "UI", "Value": ["1.2.3"]}, "00080020": {"vr": "DA", "Value": ["20180304"]},
           "00201208": {"vr": "IS", "Value": [2]}, "00080018": {"vr": "UI", "Value": ["1.2.3.4"]}}]  # fmt: skip

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Archive:
    """An archive with prepared answers that records the requests it gets."""

    answers: Callable[[str, int], Answer]
    port: int = 0
    requests: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)

    @property
    def settings(self) -> DicomwebSettings:
        url = f"http://127.0.0.1:{self.port}/dicom-web"
        return DicomwebSettings(url=url, login="idh", password=SecretStr("secret"), timeout_s=5)


@contextmanager
def archive(answers: Callable[[str, int], Answer]) -> Iterator[Archive]:
    stub = Archive(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stub.requests.append(self.path)
            stub.credentials.append(self.headers.get("Authorization"))
            status, headers, body = stub.answers(self.path, len(stub.requests))
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield stub
    server.shutdown()
    server.server_close()


def listing() -> Answer:
    return 200, {"Content-Type": "application/dicom+json"}, json.dumps(LISTED).encode()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_n10_a_temporary_failure_is_retried(status: int) -> None:
    with archive(lambda _, requests: (status, {}, b"") if requests < 3 else listing()) as stub:
        assert [s.study_uid for s in dicomweb.find_studies(stub.settings, *EVER)] == ["1.2.3"]
    assert len(stub.requests) == 3


def test_n10_a_lasting_failure_ends_after_bounded_retries() -> None:
    with archive(lambda *_: (503, {}, b"patient 4711")) as stub, pytest.raises(TransientError) as caught:
        dicomweb.find_studies(stub.settings, *EVER)
    assert caught.value.code == "E_DICOMWEB"
    assert "4711" not in str(caught.value)
    assert len(stub.requests) == RETRIES + 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html>login</html>"),
        ("application/dicom+json", b"[{broken"),
        ("application/dicom+json", b'{"no": "list"}'),
    ],
)
def test_n10_a_malformed_listing_is_an_error(content_type: str, body: bytes) -> None:
    with (
        archive(lambda *_: (200, {"Content-Type": content_type}, body)) as stub,
        pytest.raises(TransientError) as caught,
    ):
        dicomweb.find_studies(stub.settings, *EVER)
    assert caught.value.code == "E_DICOMWEB"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html>login</html>"),
        ("multipart/related; boundary=x", b"no boundary anywhere"),
        (
            'multipart/related; type="application/dicom"; boundary=x',
            b"--x\r\nContent-Type: application/dicom\r\n\r\ncut",
        ),
    ],
)
def test_n10_a_damaged_multipart_answer_is_an_error(content_type: str, body: bytes) -> None:
    def answers(path: str, _: int) -> Answer:
        return listing() if "instances" in path else (200, {"Content-Type": content_type}, body)

    with archive(answers) as stub, pytest.raises(TransientError) as caught:
        dicomweb.retrieve(stub.settings, "1.2.3", {})
    assert caught.value.code in ("E_DICOMWEB", "E_INCOMPLETE")


def test_n10_credentials_never_follow_a_redirect_to_another_host() -> None:
    with archive(lambda *_: listing()) as other:
        elsewhere = {"Location": f"http://localhost:{other.port}/dicom-web/studies"}
        with archive(lambda *_: (302, elsewhere, b"")) as stub, pytest.raises(TransientError) as caught:
            dicomweb.find_studies(stub.settings, *EVER)
    assert caught.value.code == "E_DICOMWEB"
    assert stub.credentials[0] is not None
    assert other.requests == []


def test_a_token_replaces_the_login() -> None:
    with archive(lambda *_: listing()) as stub:
        dicomweb.find_studies(stub.settings.model_copy(update={"token": SecretStr("t0ken")}), *EVER)
    assert stub.credentials == ["Bearer t0ken"]


def test_pages_are_read_to_the_end() -> None:
    def answers(path: str, _: int) -> Answer:
        offset = int(path.partition("offset=")[2].partition("&")[0] or 0)
        rows = [{"0020000D": {"vr": "UI", "Value": [f"1.2.{n}"]}} for n in range(offset, min(offset + 2, 5))]
        return 200, {"Content-Type": "application/dicom+json"}, json.dumps(rows).encode()

    with archive(answers) as stub:
        listed = dicomweb.find_studies(stub.settings.model_copy(update={"page": 2}), *EVER)
    assert [s.study_uid for s in listed] == [f"1.2.{n}" for n in range(5)]
