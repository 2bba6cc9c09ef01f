"""Probes the internal ports of SeaweedFS without a certificate: a port without one stays open, silently."""

import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

TIMEOUT_S = 5.0
REFUSALS = ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_HANDSHAKE_FAILURE")


def open_ports(ports: Iterable[int], authority: Path) -> list[int]:
    """Return the loopback ports that do not require a client certificate of this authority.

    A port without a listener counts as open, because nothing is known about a later listener.
    """
    context = ssl.create_default_context(cafile=str(authority))
    context.set_alpn_protocols(["h2", "http/1.1"])
    return [port for port in ports if not _requires_certificate(port, context)]


def _requires_certificate(port: int, context: ssl.SSLContext) -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection,
            context.wrap_socket(connection, server_hostname="127.0.0.1") as secured,
        ):
            # Under TLS 1.3 the refusal arrives after the client's handshake.
            secured.recv(1)
    except ssl.SSLError as error:
        return error.reason in REFUSALS
    except OSError:
        return False
    return False
