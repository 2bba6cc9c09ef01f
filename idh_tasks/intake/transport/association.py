"""Associations with the PACS: both AE titles, TLS, time limits, and no identifier in a log."""

import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE, _config, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from idh_tasks.codes import Code
from idh_tasks.errors import PeerTimeoutError, TransientError
from idh_tasks.intake.gate.instance import ACCEPTED
from idh_tasks.settings import PacsSettings

_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.LOG_HANDLER_LEVEL = "none"

log = logging.getLogger(__name__)

PDU_BYTES, MAX_PDU_BYTES = 2**17, 2**20
"""What we offer, and the most that we take from a peer that offers nothing."""


POLL_S = 1e-4
"""How long pynetdicom sleeps between two looks at the connection; its own millisecond halves the rate of a retrieve."""


def no_delay(event: evt.Event) -> None:
    """Switch delayed acknowledgement off, for which each small instance would wait about 40 ms, and poll more often."""
    event.assoc.dul._run_loop_delay = POLL_S
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def bounded(event: evt.Event) -> None:
    """Close a connection whose next PDU claims to be larger than any we take: pynetdicom would wait for all of it."""
    connection = event.assoc.dul.socket
    if connection is None:
        return
    receive = connection.recv

    def recv(nr_bytes: int) -> bytearray:
        if nr_bytes > MAX_PDU_BYTES:
            log.warning("E_PEER_PROTOCOL: a peer announced a PDU of %d bytes; its connection is closed", nr_bytes)
            connection.close()
            return bytearray()
        return receive(nr_bytes)

    connection.recv = recv  # type: ignore[method-assign]  # for this connection only


def undisturbed(opened: Association) -> None:
    """Leave every answer to who waits for it.

    pynetdicom's own thread looks for requests of the peer, and paused a moment too late it takes an answer away and
    drops it (pynetdicom issue 875): a study would be missing from a list, a retrieve would wait in vain. Only that
    thread asks without waiting, and it has nothing to do here: a C-GET takes its instances itself.
    """
    answer = opened.dimse.get_msg

    def get_msg(block: bool = False) -> Any:
        return answer(block) if block else (None, None)

    opened.dimse.get_msg = get_msg  # type: ignore[method-assign]  # for this association only


def refused(event: evt.Event) -> None:  # noqa: ARG001 - what a stranger says of itself is nothing to repeat
    """Tell that a peer with other AE titles was turned away."""
    log.warning("E_PEER_REFUSED: a peer with other AE titles asked our receiver for an association and was refused")


def entity(pacs: PacsSettings) -> AE:
    """Return our application entity with its time limits."""
    ae = AE(ae_title=pacs.calling_aet)
    ae.maximum_pdu_size = PDU_BYTES
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = pacs.timeout_s
    return ae


def tls(pacs: PacsSettings, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> ssl.SSLContext | None:
    """Return the TLS context, if the connection asks for TLS; the peer's certificate must be valid."""
    if pacs.tls_ca is None:
        return None
    context = ssl.create_default_context(purpose, cafile=str(pacs.tls_ca))
    context.verify_mode = ssl.CERT_REQUIRED
    if pacs.tls_certificate is not None:
        context.load_cert_chain(str(pacs.tls_certificate), str(pacs.tls_key) if pacs.tls_key else None)
    return context


def silence(pacs: PacsSettings, since: float, otherwise: str) -> TransientError:
    """Return the error for an answer that did not come: too late, or never since the connection is lost."""
    if time.monotonic() - since >= pacs.timeout_s:
        return PeerTimeoutError(Code.E_TIMEOUT, f"the PACS did not answer within {pacs.timeout_s:g} s")
    return TransientError(Code.E_PACS, otherwise)


@contextmanager
def association(pacs: PacsSettings, handlers: list[Any], *models: str) -> Iterator[Association]:
    """Open an association and release it at the end.

    Raises
    ------
    TransientError
        ``E_PACS`` if there is no PACS, its certificate is not valid, or it refuses our AE title; ``E_TIMEOUT`` if
        it does not answer.
    """
    started, ae, context = time.monotonic(), entity(pacs), tls(pacs)
    for model in models:
        ae.add_requested_context(model)
    roles = []
    if StudyRootQueryRetrieveInformationModelGet in models:
        for storage in ACCEPTED:
            ae.add_requested_context(storage)
            roles.append(build_role(storage, scp_role=True))
    opened = ae.associate(
        pacs.host,
        pacs.port,
        ae_title=pacs.called_aet,
        ext_neg=roles,  # type: ignore[arg-type]  # its items are of one kind each
        evt_handlers=[(evt.EVT_CONN_OPEN, no_delay), *handlers],
        tls_args=(context, pacs.host) if context else None,
    )
    if not opened.is_established:
        raise silence(pacs, started, "no association with the PACS; check host, port, TLS and both AE titles")
    undisturbed(opened)
    try:
        yield opened
    finally:
        if opened.is_established:
            opened.release()


def echo(pacs: PacsSettings) -> None:
    """Ask the PACS whether it is there (C-ECHO, PS3.4 annex A).

    Raises
    ------
    TransientError
        ``E_PACS`` if it does not answer rightly.
    """
    with association(pacs, [], Verification) as opened:
        if opened.send_c_echo().get("Status") != 0:
            raise TransientError(Code.E_PACS, "the PACS does not answer a C-ECHO")
