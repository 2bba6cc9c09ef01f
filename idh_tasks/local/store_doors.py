"""Tries each internal port of SeaweedFS as a stranger would: a missing certificate leaves it open without a word."""

import socket
import ssl
from collections.abc import Iterable
from pathlib import Path

TIMEOUT_S = 5.0
REFUSALS = ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_HANDSHAKE_FAILURE")


def open_ports(ports: Iterable[int], authority: Path) -> list[int]:
    """Return the ports on loopback that do not insist on a client certificate of this authority.

    A port on which nothing listens counts as open: what will listen there is unknown.
    """
    context = ssl.create_default_context(cafile=str(authority))
    context.set_alpn_protocols(["h2", "http/1.1"])
    return [port for port in ports if not _refuses_strangers(port, context)]


def _refuses_strangers(port: int, context: ssl.SSLContext) -> bool:
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
