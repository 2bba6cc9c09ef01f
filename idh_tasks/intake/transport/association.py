"""Associations with the PACS: both AE titles, TLS, time limits, and no identifier in a log."""

import logging
import random
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
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay

from idh_tasks.codes import Code
from idh_tasks.domain.encryption import is_on_this_machine, require_encryption
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerBusyError, PeerTimeoutError, TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.transport.traffic import slot

_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False
_config.LOG_HANDLER_LEVEL = "none"
# At the level INFO, a retrieve writes two lines per image.
logging.getLogger("pynetdicom").setLevel(logging.WARNING)

log = logging.getLogger(__name__)

PDU_BYTES = 2**17
"""The PDU size that we offer."""

POLL_S = 1e-4
"""How long pynetdicom sleeps between polls of a connection; its default of 1 ms halves the rate of a retrieve."""

REJECTIONS: dict[tuple[Any, Any], str] = {
    (1, 3): "the PACS does not know the platform's AE title; check `calling_aet`, or register it with the PACS",
    (1, 7): "the PACS has another AE title; check `called_aet`",
    (3, 1): "the PACS is congested and rejects the association",
    (3, 2): "the PACS has reached its limit of associations",
}
"""Reasons of a rejection by source and diagnostic (PS3.8 table 9-21)."""
BUSY = ((3, 1), (3, 2))
"""The rejections that are about load, and over when it is."""
LONGEST_PAUSE_S = 60.0


def no_delay(event: evt.Event) -> None:
    """Disable delayed acknowledgement, which would hold every small instance for about 40 ms, and poll more often."""
    event.assoc.dul._run_loop_delay = POLL_S
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


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


def pause_s(attempt: int) -> float:
    """Return how long to leave a busy PACS alone after so many attempts."""
    return min(2.0 ** (attempt - 1), LONGEST_PAUSE_S) + random.random()  # noqa: S311 - only spreads the tries


def backoff(state: RetryCallState) -> float:
    """Return the same for tenacity."""
    return pause_s(state.attempt_number)


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
    """Open an association, one of those that the platform may have at one time, and release it at the end.

    Raises
    ------
    TransientError
        ``E_PACS`` if the PACS cannot be reached, has no valid certificate, or refuses our AE title; ``E_TIMEOUT`` if
        it does not answer; ``E_PACS_BUSY`` if it stays busy, or all associations of the platform stay in use.
    RunRefusedError
        ``E_UNENCRYPTED``, before anything is sent.
    """
    encrypted, local = pacs.tls_ca is not None, is_on_this_machine(pacs.host)
    require_encryption("the PACS", encrypted=encrypted, private=pacs.private_network, local=local)
    with slot(pacs):
        opened = _opened(pacs, handlers, models)
        try:
            yield opened
        finally:
            if opened.is_established:
                opened.release()


def _opened(pacs: PacsSettings, handlers: list[Any], models: tuple[str, ...]) -> Association:
    """Open an association; a busy PACS is asked again, later and later, while no other worker takes our place."""
    retrying = Retrying(
        stop=stop_after_delay(pacs.association_wait_s),
        wait=backoff,
        retry=retry_if_exception_type(PeerBusyError),
        reraise=True,
    )
    return retrying(_asked, pacs, handlers, models)


def _asked(pacs: PacsSettings, handlers: list[Any], models: tuple[str, ...]) -> Association:
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
        raise _refusal(pacs, opened, started)
    keep_answers(opened)
    return opened


def _refusal(pacs: PacsSettings, opened: Association, started: float) -> TransientError:
    """Return why there is no association; a rejection states its reason (PS3.8 9.3.4).

    pynetdicom takes a connection for one that failed if the PACS has rejected and closed it before the calling thread
    looks; the rejection is then still in the queue.
    """
    answer = opened.acceptor.primitive if opened.is_rejected else opened.dul.receive_pdu(wait=False)
    if not isinstance(answer, A_ASSOCIATE):
        return no_answer(pacs, started, "no association with the PACS; check host, port, TLS and both AE titles")
    reason = (answer.result_source, answer.diagnostic)
    words = REJECTIONS.get(reason, "the PACS rejects the association; check both AE titles")
    return PeerBusyError(Code.E_PACS_BUSY, words) if reason in BUSY else TransientError(Code.E_PACS, words)


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
