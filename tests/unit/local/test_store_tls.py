"""The generated certificates hold under the strict verification that is the default since Python 3.13."""

import socket
import ssl
import threading
from pathlib import Path

from idh_tasks.local import store_tls


def test_a_generated_certificate_passes_strict_verification_on_both_sides(tmp_path: Path) -> None:
    for name, text in store_tls.files(tmp_path).items():
        (tmp_path / name).write_text(text)
    authority, node = tmp_path / store_tls.AUTHORITY, (tmp_path / store_tls.CERTIFICATE, tmp_path / store_tls.KEY)
    client = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(authority))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    server.verify_mode = ssl.CERT_REQUIRED
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        context.load_cert_chain(*node)
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=lambda: server.wrap_socket(theirs, server_side=True).sendall(b"hello"))
    serving.start()
    with client.wrap_socket(ours, server_hostname="127.0.0.1") as secured:
        assert secured.recv(5) == b"hello"
    serving.join(10)
