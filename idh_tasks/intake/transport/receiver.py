"""Receives instances from the PACS by C-STORE, on our own association or with a listening receiver (PS3.4 B)."""

import ssl
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, cast

from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE

from idh_tasks.codes import Code
from idh_tasks.dicom.files import part10
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.transport.association import entity, limit_pdu_size, log_refused_peer, no_delay, tls_context

MAX_ASSOCIATIONS = 100
"""How many peers may be connected at once: idle strangers must not block the PACS."""
SUCCESS, SOP_CLASS_NOT_SUPPORTED = 0x0000, 0x0122


def store_into(received: MutableMapping[str, bytes]) -> Callable[[evt.Event], int]:
    """Return the handler of a C-STORE that adds instances, as DICOM files by instance UID."""

    def store(event: evt.Event) -> int:
        request = cast("C_STORE", event.request)
        uid, sop_class, content = str(request.AffectedSOPInstanceUID), request.AffectedSOPClassUID, request.DataSet
        if sop_class not in SOP_CLASSES or content is None:
            return SOP_CLASS_NOT_SUPPORTED
        received[uid] = part10(sop_class, uid, event.context.transfer_syntax, content.getvalue())
        return SUCCESS

    return store


@contextmanager
def receiver(pacs: PacsSettings, received: MutableMapping[str, bytes]) -> Iterator[None]:
    """Listen for the PACS, and for no other peer, while a retrieve lasts.

    Raises
    ------
    TransientError
        ``E_PACS`` if the port is in use.
    """
    context = tls_context(pacs, ssl.Purpose.CLIENT_AUTH)
    try:
        server = _receiving_entity(pacs).start_server(
            ("", pacs.listen_port), block=False, evt_handlers=_handlers(received), ssl_context=context
        )
    except OSError:
        raise TransientError(
            Code.E_PACS, f"port {pacs.listen_port} is in use; another retrieve may be running"
        ) from None
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()


def _receiving_entity(pacs: PacsSettings) -> AE:
    ae = entity(pacs)
    ae.maximum_associations = MAX_ASSOCIATIONS
    ae.require_called_aet = True
    ae.require_calling_aet = [pacs.called_aet]
    for storage in SOP_CLASSES:
        ae.add_supported_context(storage)
    return ae


def _handlers(received: MutableMapping[str, bytes]) -> list[Any]:
    return [
        (evt.EVT_CONN_OPEN, no_delay),
        (evt.EVT_CONN_OPEN, limit_pdu_size),
        (evt.EVT_REJECTED, log_refused_peer),
        (evt.EVT_C_STORE, store_into(received)),
    ]
