"""Retrieves studies from the PACS by C-GET or C-MOVE and compares every UID with the listing."""

import time
from collections.abc import Iterator, MutableMapping

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerBusyError, PeerTimeoutError, StudyQuarantinedError, TransientError
from idh_tasks.intake.transport.association import association, no_answer, pause_s
from idh_tasks.intake.transport.incoming import Incoming, limit_bytes
from idh_tasks.intake.transport.listing import InstanceReference, StudyContents
from idh_tasks.intake.transport.receiver import receiver
from idh_tasks.intake.transport.traffic import Priority, await_turn

ATTEMPTS = 4
"""How often the missing instances of a study are requested before the retrieve fails."""
UNABLE = (0xA700, 0xA701, 0xA702, 0xA801)
"""Final statuses of a PACS that cannot send: out of resources, or the move destination is unknown (PS3.4 C.4.2.1.5)."""


def retrieve(
    pacs: PacsSettings,
    study_uid: str,
    contents: StudyContents,
    received: MutableMapping[str, bytes],
    priority: Priority = Priority.MEDIUM,
) -> None:
    """Retrieve the wanted instances, and no others, into `received`, as DICOM files by instance UID.

    The final status of a retrieve is not trusted: what is missing is requested again.

    Parameters
    ----------
    received
        Where instances are kept; without any, in memory.

    Raises
    ------
    TransientError
        ``E_INCOMPLETE`` with the counts, ``E_TIMEOUT``, ``E_PACS_BUSY``, ``E_PACS_HOURS``, or ``E_RETRIEVE_CONFLICT``
        if an instance arrived with two contents.
    StudyQuarantinedError
        ``E_NO_IMAGES`` if nothing was listed, ``E_RETRIEVE_SIZE`` if it brings too many bytes.
    """
    wanted = contents.instances
    if not wanted:
        raise StudyQuarantinedError(Code.E_NO_IMAGES, "the PACS lists no MR image in the study")
    await_turn(pacs)
    uids = frozenset(reference.instance_uid for reference in wanted)
    incoming = Incoming(uids, pacs.max_bytes, received)
    missing, fault = wanted, None
    for attempt in range(ATTEMPTS):
        if isinstance(fault, _UnableError):
            time.sleep(pause_s(attempt))
        fault = _requested(pacs, _queries(study_uid, missing, contents), incoming, priority)
        missing = frozenset(reference for reference in wanted if reference.instance_uid not in received)
        if not missing:
            return
    arrived = len(wanted) - len(missing)
    raise fault or TransientError(Code.E_INCOMPLETE, f"{arrived} of {len(wanted)} instances arrived")


class _UnableError(PeerBusyError):
    """The PACS says that it cannot send now."""


def _requested(
    pacs: PacsSettings, queries: list[Dataset], incoming: Incoming, priority: Priority
) -> TransientError | None:
    """Request instances; return why some may be missing, if that is worth a word."""
    request = c_move if pacs.retrieve == "C-MOVE" else c_get
    fault = None
    try:
        request(pacs, queries, incoming, priority)
    except (PeerTimeoutError, _UnableError) as error:
        fault = error
    except PeerBusyError:
        raise
    except TransientError:
        pass  # the next attempt finds out whether it lasts
    incoming.check()
    return fault


def _queries(study_uid: str, missing: frozenset[InstanceReference], contents: StudyContents) -> list[Dataset]:
    """Return what to request: the whole study, its wanted series, or the missing instances of each series."""
    if missing != contents.instances:
        return list(_instance_queries(study_uid, missing))
    return [study_query(study_uid)] if contents.whole else list(_series_queries(study_uid, missing))


def study_query(study_uid: str) -> Dataset:
    """Return the identifier of a request for a whole study."""
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study_uid
    return query


def _series_queries(study_uid: str, wanted: frozenset[InstanceReference]) -> Iterator[Dataset]:
    for series_uid in sorted({reference.series_uid for reference in wanted}):
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID, query.SeriesInstanceUID = "SERIES", study_uid, series_uid
        yield query


def _instance_queries(study_uid: str, missing: frozenset[InstanceReference]) -> Iterator[Dataset]:
    for series_uid in sorted({reference.series_uid for reference in missing}):
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID, query.SeriesInstanceUID = "IMAGE", study_uid, series_uid
        query.SOPInstanceUID = sorted(r.instance_uid for r in missing if r.series_uid == series_uid)
        yield query


def c_get(pacs: PacsSettings, queries: list[Dataset], incoming: Incoming, priority: Priority) -> None:
    """Retrieve on our own association (PS3.4 C.4.3)."""
    model = StudyRootQueryRetrieveInformationModelGet
    handlers = [(evt.EVT_CONN_OPEN, limit_bytes, [incoming]), (evt.EVT_C_STORE, incoming.store)]
    with association(pacs, handlers, model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_get(query, model, priority=priority))


def c_move(pacs: PacsSettings, queries: list[Dataset], incoming: Incoming, priority: Priority) -> None:
    """Have the instances sent to our own receiver (PS3.4 C.4.2)."""
    with receiver(pacs, incoming) as destination:
        request_move(pacs, queries, destination.aet, priority)


def request_move(
    pacs: PacsSettings, queries: list[Dataset], destination: str, priority: Priority = Priority.MEDIUM
) -> None:
    """Ask the PACS to send instances to a receiver of ours, which must be listening already."""
    model = StudyRootQueryRetrieveInformationModelMove
    with association(pacs, [], model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_move(query, destination, model, priority=priority))


def _finish(pacs: PacsSettings, responses: Iterator[tuple[Dataset, Dataset | None]]) -> None:
    """Read all responses; that instances failed is no error here, since the received ones are counted anyway."""
    last = time.monotonic()
    for status, _identifier in responses:
        code = status.get("Status")
        if code is None:
            raise no_answer(pacs, last, "the connection was lost during a retrieve")
        if code in UNABLE:
            reason = f"the PACS could not send (status {code:04X}): it is busy, or does not reach the receiver"
            raise _UnableError(Code.E_PACS_BUSY, reason)
        last = time.monotonic()
