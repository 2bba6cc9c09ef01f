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
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerTimeoutError, TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES

_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.LOG_HANDLER_LEVEL = "none"
# At the level INFO, a retrieve writes two lines per image.
logging.getLogger("pynetdicom").setLevel(logging.WARNING)

log = logging.getLogger(__name__)

PDU_BYTES, MAX_PDU_BYTES = 2**17, 2**20
"""The PDU size that we offer, and the largest that we accept from a peer."""

POLL_S = 1e-4
"""How long pynetdicom sleeps between polls of a connection; its default of 1 ms halves the rate of a retrieve."""

REJECTIONS: dict[tuple[Any, Any], str] = {
    (1, 3): "the PACS does not know the platform's AE title; check `calling_aet`, or register it with the PACS",
    (1, 7): "the PACS has another AE title; check `called_aet`",
    (3, 1): "the PACS is congested and rejects the association",
    (3, 2): "the PACS has reached its limit of associations",
}
"""Reasons of a rejection by source and diagnostic (PS3.8 table 9-21)."""


def no_delay(event: evt.Event) -> None:
    """Disable delayed acknowledgement, which would hold every small instance for about 40 ms, and poll more often."""
    event.assoc.dul._run_loop_delay = POLL_S
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def limit_pdu_size(event: evt.Event) -> None:
    """Close a connection that announces an oversized PDU: pynetdicom would wait for all of it."""
    connection = event.assoc.dul.socket
    if connection is None:
        return
    receive = connection.recv

    def recv(nr_bytes: int) -> bytearray:
        if nr_bytes > MAX_PDU_BYTES:
            log.warning(
                "%s: a peer announced a PDU of %d bytes; its connection is closed", Code.E_PEER_PROTOCOL, nr_bytes
            )
            connection.close()
            return bytearray()
        return receive(nr_bytes)

    connection.recv = recv  # type: ignore[method-assign]  # for this connection only


def keep_answers(opened: Association) -> None:
    """Make sure that the thread that waits for an answer is the one that gets it.

    pynetdicom's own thread polls for requests of the peer. If it is paused a moment too late, it takes an answer from
    the queue and drops it (pynetdicom issue 875): a study would be missing from a list, or a retrieve would wait in
    vain. Only that thread polls without blocking, and it has nothing to do here: a C-GET takes its instances itself.
    """
    get_answer = opened.dimse.get_msg

    def get_msg(block: bool = False) -> Any:
        return get_answer(block) if block else (None, None)

    opened.dimse.get_msg = get_msg  # type: ignore[method-assign]  # for this association only


def log_refused_peer(event: evt.Event) -> None:  # noqa: ARG001 - what an unknown peer calls itself is not logged
    """Log that a peer with other AE titles was refused."""
    log.warning("%s: a peer with other AE titles requested an association and was refused", Code.E_PEER_REFUSED)


def entity(pacs: PacsSettings) -> AE:
    """Return our application entity with its time limits."""
    ae = AE(ae_title=pacs.calling_aet)
    ae.maximum_pdu_size = PDU_BYTES
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = pacs.timeout_s
    return ae


def tls_context(pacs: PacsSettings, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> ssl.SSLContext | None:
    """Return the TLS context if the settings require TLS; the peer must present a valid certificate."""
    if pacs.tls_ca is None:
        return None
    context = ssl.create_default_context(purpose, cafile=str(pacs.tls_ca))
    context.verify_mode = ssl.CERT_REQUIRED
    if pacs.tls_certificate is not None:
        context.load_cert_chain(str(pacs.tls_certificate), str(pacs.tls_key) if pacs.tls_key else None)
    return context


def no_answer(pacs: PacsSettings, since: float, otherwise: str) -> TransientError:
    """Return the error for a missing answer: a timeout, or `otherwise` if the connection was lost before."""
    if time.monotonic() - since >= pacs.timeout_s:
        return PeerTimeoutError(Code.E_TIMEOUT, f"the PACS did not answer within {pacs.timeout_s:g} s")
    return TransientError(Code.E_PACS, otherwise)


@contextmanager
def association(pacs: PacsSettings, handlers: list[Any], *models: str) -> Iterator[Association]:
    """Open an association and release it at the end.

    Raises
    ------
    TransientError
        ``E_PACS`` if the PACS cannot be reached, has no valid certificate, or refuses our AE title; ``E_TIMEOUT`` if
        it does not answer.
    """
    started, context = time.monotonic(), tls_context(pacs)
    ae, roles = _requesting_entity(pacs, models)
    opened = ae.associate(
        pacs.host,
        pacs.port,
        ae_title=pacs.called_aet,
        ext_neg=roles,
        evt_handlers=[(evt.EVT_CONN_OPEN, no_delay), *handlers],
        tls_args=(context, pacs.host) if context else None,
    )
    if not opened.is_established:
        raise no_answer(pacs, started, _refusal(opened))
    keep_answers(opened)
    try:
        yield opened
    finally:
        if opened.is_established:
            opened.release()


def _refusal(opened: Association) -> str:
    """Return why there is no association; a rejection states its reason (PS3.8 9.3.4).

    pynetdicom takes a connection for one that failed if the PACS has rejected and closed it before the calling thread
    looks; the rejection is then still in the queue.
    """
    answer = opened.acceptor.primitive if opened.is_rejected else opened.dul.receive_pdu(wait=False)
    if not isinstance(answer, A_ASSOCIATE):
        return "no association with the PACS; check host, port, TLS and both AE titles"
    reason = (answer.result_source, answer.diagnostic)
    return REJECTIONS.get(reason, "the PACS rejects the association; check both AE titles")


def _requesting_entity(pacs: PacsSettings, models: tuple[str, ...]) -> tuple[AE, list[Any]]:
    """Return our application entity with the contexts to request; by C-GET it receives instances, too."""
    ae = entity(pacs)
    for model in models:
        ae.add_requested_context(model)
    if StudyRootQueryRetrieveInformationModelGet not in models:
        return ae, []
    for storage in SOP_CLASSES:
        ae.add_requested_context(storage)
    return ae, [build_role(storage, scp_role=True) for storage in SOP_CLASSES]


def echo(pacs: PacsSettings) -> None:
    """Check that the PACS answers (C-ECHO, PS3.4 annex A).

    Raises
    ------
    TransientError
        ``E_PACS`` if it does not answer correctly.
    """
    with association(pacs, [], Verification) as opened:
        if opened.send_c_echo().get("Status") != 0:
            raise TransientError(Code.E_PACS, "the PACS does not answer a C-ECHO")
