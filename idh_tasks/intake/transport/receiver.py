"""Receives the instances of a C-MOVE from the PACS, and from nobody else (PS3.4 B)."""

import errno
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import TCPServer
from typing import Any, cast

from pynetdicom import AE, evt
from pynetdicom.transport import ThreadedAssociationServer

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerBusyError, TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.transport.association import entity, no_delay, tls_context
from idh_tasks.intake.transport.destinations import (
    Destination,
    Network,
    allowed_networks,
    destinations,
    is_allowed,
)
from idh_tasks.intake.transport.incoming import Incoming, limit_bytes

log = logging.getLogger(__name__)

MAX_ASSOCIATIONS = 100
"""How many peers may be connected at once: idle connections must not block the PACS."""
POLL_S = 0.2
STOP_POLL_S = 0.05


class _Listener(ThreadedAssociationServer):
    """A server that accepts connections from some addresses only, and shakes hands in each connection's own thread."""

    networks: tuple[Network, ...] = ()
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection, or close it at once; the base class drops what raises an OSError."""
        connection, address = super().get_request()
        if not is_allowed(address[0], self.networks):
            connection.close()
            log.warning("%s: a peer with another address connected and was refused", Code.E_PEER_REFUSED)
            raise ConnectionRefusedError
        connection.settimeout(self.ae.network_timeout)
        return connection, address

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection; without a valid certificate it ends here."""
        wrapped = self.tls.wrap_socket(request, server_side=True) if self.tls else request
        super().finish_request(wrapped, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the signature of socketserver
        """Log a connection that failed, without anything that the peer has sent."""
        log.warning("%s: a connection without TLS or a valid certificate was refused", Code.E_PEER_REFUSED)

    def shutdown(self) -> None:
        """Stop listening; connections end by themselves."""
        TCPServer.shutdown(self)
        self.server_close()


@contextmanager
def receiver(pacs: PacsSettings, incoming: Incoming) -> Iterator[Destination]:
    """Listen for the PACS, and for no other peer, while a retrieve lasts; yield where it is to send.

    Raises
    ------
    TransientError
        ``E_PACS_BUSY`` if every receiver of this machine stays in use, ``E_PACS`` if it has none.
    """
    destination, server = _first_free(pacs, incoming)
    thread = threading.Thread(target=server.serve_forever, args=(STOP_POLL_S,), daemon=True)
    thread.start()
    try:
        yield destination
    finally:
        server.shutdown()


def _first_free(pacs: PacsSettings, incoming: Incoming) -> tuple[Destination, _Listener]:
    until = time.monotonic() + pacs.association_wait_s
    while (found := _free(pacs, incoming)) is None:
        if time.monotonic() >= until:
            raise PeerBusyError(Code.E_PACS_BUSY, "every receiver of this machine is in use by another retrieve")
        time.sleep(POLL_S)
    return found


def _free(pacs: PacsSettings, incoming: Incoming) -> tuple[Destination, _Listener] | None:
    """Bind the first receiver that is one of this machine and free; return None if all of them are in use."""
    in_use = False
    for destination in destinations(pacs):
        try:
            return destination, _bound(pacs, destination, incoming)
        except OSError as error:
            in_use = in_use or error.errno == errno.EADDRINUSE
    if not in_use:
        reason = "no receiver is an address of this machine; check `listen_host` and `move_destinations`"
        raise TransientError(Code.E_PACS, reason)
    return None


def _bound(pacs: PacsSettings, destination: Destination, incoming: Incoming) -> _Listener:
    """Return a server that is bound, and serves nobody yet."""
    ae = _receiving_entity(pacs, destination)
    made = ae.make_server(
        (destination.host, destination.port),
        ae_title=destination.aet,
        contexts=ae.supported_contexts,
        evt_handlers=_handlers(incoming),
        server_class=_Listener,
    )
    server = cast("_Listener", made)
    server.networks, server.tls = allowed_networks(pacs), tls_context(pacs, ssl.Purpose.CLIENT_AUTH)
    return server


def _receiving_entity(pacs: PacsSettings, destination: Destination) -> AE:
    ae = entity(pacs)
    ae.ae_title = destination.aet
    ae.maximum_associations = MAX_ASSOCIATIONS
    ae.require_called_aet = True
    ae.require_calling_aet = [pacs.called_aet]
    for storage in SOP_CLASSES:
        ae.add_supported_context(storage)
    return ae


def _handlers(incoming: Incoming) -> list[Any]:
    return [
        (evt.EVT_CONN_OPEN, no_delay),
        (evt.EVT_CONN_OPEN, limit_bytes, [incoming]),
        (evt.EVT_REJECTED, _log_refused_peer),
        (evt.EVT_C_STORE, incoming.store),
    ]


def _log_refused_peer(event: evt.Event) -> None:  # noqa: ARG001 - what an unknown peer calls itself is not logged
    log.warning("%s: a peer with other AE titles requested an association and was refused", Code.E_PEER_REFUSED)
