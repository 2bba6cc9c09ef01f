"""What a retrieve accepts: the instances that were asked for, each with one content, up to a number of bytes."""

import logging
import threading
from collections.abc import MutableMapping
from typing import cast

from pynetdicom import evt
from pynetdicom.dimse_primitives import C_STORE

from idh_tasks.codes import Code
from idh_tasks.dicom.files import part10
from idh_tasks.errors import StudyQuarantinedError, TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES

log = logging.getLogger(__name__)

MAX_PDU_BYTES = 2**20
"""The largest PDU that we accept from a peer."""
SUCCESS, DUPLICATE, SOP_CLASS_NOT_SUPPORTED, NOT_AUTHORIZED = 0x0000, 0x0111, 0x0122, 0x0124
"""Answers to a C-STORE (PS3.7 annex C)."""


class Incoming:
    """The instances of one retrieve, whichever connections they arrive on.

    Parameters
    ----------
    wanted
        The instance UIDs that were asked for.
    most_bytes
        How many bytes may arrive on all connections together.
    received
        Where instances are kept, as DICOM files by instance UID.
    """

    def __init__(self, wanted: frozenset[str], most_bytes: int, received: MutableMapping[str, bytes]) -> None:
        self.received = received
        self._wanted = wanted
        self._bytes_left = most_bytes
        self._conflicts = 0
        self._lock = threading.Lock()

    def store(self, event: evt.Event) -> int:
        """Answer a C-STORE (PS3.4 annex B)."""
        request = cast("C_STORE", event.request)
        uid, sop_class, content = str(request.AffectedSOPInstanceUID), request.AffectedSOPClassUID, request.DataSet
        if sop_class not in SOP_CLASSES or content is None:
            return SOP_CLASS_NOT_SUPPORTED
        if uid not in self._wanted:
            log.warning("an instance that was not asked for was refused")
            return NOT_AUTHORIZED
        return self._keep(uid, part10(sop_class, uid, event.context.transfer_syntax, content.getvalue()))

    def _keep(self, uid: str, file: bytes) -> int:
        with self._lock:
            if uid in self.received and self.received[uid] != file:
                self._conflicts += 1
                return DUPLICATE
            self.received[uid] = file
            return SUCCESS

    def takes(self, nr_bytes: int) -> bool:
        """Count bytes that are about to arrive; return whether they may."""
        with self._lock:
            self._bytes_left -= nr_bytes
            return self._bytes_left >= 0

    def check(self) -> None:
        """Refuse what cannot be trusted, or is too much.

        Raises
        ------
        TransientError
            ``E_RETRIEVE_CONFLICT``: nobody knows which of two contents is that of the PACS.
        StudyQuarantinedError
            ``E_RETRIEVE_SIZE``.
        """
        if self._conflicts:
            reason = "a second copy of an instance arrived with other bytes; nothing of the retrieve is used"
            raise TransientError(Code.E_RETRIEVE_CONFLICT, reason)
        if self._bytes_left < 0:
            reason = "the study brings more bytes than `max_bytes` of the PACS allows"
            raise StudyQuarantinedError(Code.E_RETRIEVE_SIZE, reason)


def limit_bytes(event: evt.Event, incoming: Incoming) -> None:
    """Close a connection that announces an oversized PDU, which pynetdicom would wait for, or brings too much."""
    connection = event.assoc.dul.socket
    if connection is None:
        return
    receive = connection.recv

    def recv(nr_bytes: int) -> bytearray:
        if nr_bytes <= MAX_PDU_BYTES and incoming.takes(nr_bytes):
            return receive(nr_bytes)
        log.warning("%s: a peer sent more bytes than are allowed; its connection is closed", Code.E_PEER_PROTOCOL)
        connection.close()
        return bytearray()

    connection.recv = recv  # type: ignore[method-assign]  # for this connection only
