"""An internal port counts as protected only if it refuses a client without a certificate."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from idh_tasks.local.store_doors import open_ports
from tests.certificates import CertificateFiles, certify


@pytest.fixture
def authority(tmp_path: Path) -> CertificateFiles:
    return certify(tmp_path, "authority")


def tls(folder: Path, authority: CertificateFiles, clients: bool) -> ssl.SSLContext:
    node = certify(folder, "node", issuer=authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(node.certificate, node.key)
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority.certificate)
    return context


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(10)


def over(context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    return answer


def test_a_port_that_requires_a_certificate_is_protected(tmp_path: Path, authority: CertificateFiles) -> None:
    with serving(over(tls(tmp_path, authority, clients=True))) as port:
        assert open_ports([port], authority.certificate) == []


def test_tls_without_client_certificates_is_open(tmp_path: Path, authority: CertificateFiles) -> None:
    with serving(over(tls(tmp_path, authority, clients=False))) as port:
        assert open_ports([port], authority.certificate) == [port]


def test_plain_text_is_open(authority: CertificateFiles) -> None:
    with serving(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        assert open_ports([port], authority.certificate) == [port]


def test_a_certificate_of_another_authority_is_open(tmp_path: Path, authority: CertificateFiles) -> None:
    other = certify(tmp_path, "other")
    with serving(over(tls(tmp_path, other, clients=True))) as port:
        assert open_ports([port], authority.certificate) == [port]


def test_a_port_without_a_listener_is_open(authority: CertificateFiles) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert open_ports([port], authority.certificate) == [port]
