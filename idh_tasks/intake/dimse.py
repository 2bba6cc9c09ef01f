"""PACS pickup: C-FIND for what is new, C-GET for the instances, counts compared."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage, SegmentationStorage
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
)

from idh_tasks.errors import StudyQuarantinedError, TransientError
from idh_tasks.settings import PacsSettings

_config.LOG_REQUEST_IDENTIFIERS = False
_config.LOG_RESPONSE_IDENTIFIERS = False

TIMEOUT_S = 60
ASSOCIATIONS = 4
PENDING = (0xFF00, 0xFF01)
STORED = (MRImageStorage, EnhancedMRImageStorage, SegmentationStorage)


@dataclass(frozen=True)
class PacsStudy:
    """A study as the PACS lists it."""

    study_uid: str
    study_date: str
    instances: int


def _no_delay(event: evt.Event) -> None:
    # Without it each small instance waits for a delayed acknowledgement, about 40 ms.
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@contextmanager
def association(pacs: PacsSettings, handlers: list[Any], *models: str) -> Iterator[Association]:
    """Open an association and release it at the end.

    Raises
    ------
    TransientError
        ``E_PACS`` if the PACS does not answer or refuses our AE title.
    """
    ae = AE(ae_title=pacs.calling_aet)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = TIMEOUT_S
    for model in models:
        ae.add_requested_context(model)
    roles = []
    if StudyRootQueryRetrieveInformationModelGet in models:
        for storage in STORED:
            ae.add_requested_context(storage)
            roles.append(build_role(storage, scp_role=True))
    opened = ae.associate(
        pacs.host,
        pacs.port,
        ae_title=pacs.called_aet,
        ext_neg=roles,  # type: ignore[arg-type]  # its items are of one kind each
        evt_handlers=[(evt.EVT_CONN_OPEN, _no_delay), *handlers],
    )
    if not opened.is_established:
        raise TransientError("E_PACS", "no association with the PACS; check host, port and both AE titles")
    try:
        yield opened
    finally:
        opened.release()


def _find(pacs: PacsSettings, query: Dataset) -> list[Dataset]:
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        found = []
        for status, identifier in opened.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
            code = status.get("Status")
            if code in PENDING and identifier is not None:
                found.append(identifier)
            elif code != 0:
                raise TransientError("E_PACS", "the PACS did not finish the query")
        return found


def find_studies(pacs: PacsSettings, since: date) -> list[PacsStudy]:
    """List the MR studies dated `since` or later (PS3.4 C.4.1), each once."""
    query = Dataset()
    query.QueryRetrieveLevel, query.ModalitiesInStudy = "STUDY", "MR"
    query.StudyDate = f"{since:%Y%m%d}-"
    query.StudyInstanceUID = query.NumberOfStudyRelatedInstances = ""
    listed = {
        str(row.StudyInstanceUID): PacsStudy(
            str(row.StudyInstanceUID), str(row.StudyDate), int(row.NumberOfStudyRelatedInstances or 0)
        )
        for row in _find(pacs, query)
    }
    return list(listed.values())


def retrieve(pacs: PacsSettings, study_uid: str, expected: int) -> list[bytes]:
    """Retrieve a study by C-GET (PS3.4 C.4.3) as DICOM files.

    Raises
    ------
    TransientError
        ``E_INCOMPLETE`` if fewer instances arrived than the PACS listed: its final status is
        not trusted.
    """
    received: dict[str, bytes] = {}

    def store(event: evt.Event) -> int:
        received[str(event.file_meta.MediaStorageSOPInstanceUID)] = event.encoded_dataset()
        return 0x0000

    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study_uid
    model = StudyRootQueryRetrieveInformationModelGet
    with association(pacs, [(evt.EVT_C_STORE, store)], model) as opened:
        for _status, _identifier in opened.send_c_get(query, model):
            pass
    if len(received) < expected:
        raise TransientError("E_INCOMPLETE", f"{len(received)} of {expected} instances arrived")
    if not received:
        raise StudyQuarantinedError("E_INCOMPLETE", "the PACS sent no instance of the study")
    return list(received.values())


def send_study(pacs: PacsSettings, files: list[Path]) -> None:
    """Send files by C-STORE (PS3.4 B), as a modality would; what a lost association left goes by another.

    Raises
    ------
    TransientError
        ``E_PACS`` if the PACS does not take an instance.
    """
    left = list(files)
    for _ in range(ASSOCIATIONS):
        left = _send(pacs, left)
        if not left:
            return
    raise TransientError("E_PACS", f"the PACS did not take {len(left)} of {len(files)} instances")


def _send(pacs: PacsSettings, files: list[Path]) -> list[Path]:
    """Send until the association ends; return what was not acknowledged."""
    with association(pacs, [], *STORED) as opened:
        for sent, path in enumerate(files):
            if opened.send_c_store(path).get("Status") != 0:
                return files[sent:]
    return []
