"""Retrieves studies from the PACS by C-GET or C-MOVE and compares every UID with the listing."""

import time
from collections.abc import Iterator

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerTimeoutError, StudyQuarantinedError, TransientError
from idh_tasks.intake.transport.association import association, no_answer
from idh_tasks.intake.transport.listing import InstanceReference, StudyContents
from idh_tasks.intake.transport.receiver import receiver, store_into

ATTEMPTS = 4
"""How often the missing instances of a study are requested before the retrieve fails."""


def retrieve(pacs: PacsSettings, study_uid: str, contents: StudyContents) -> dict[str, bytes]:
    """Retrieve the wanted instances that the PACS listed, as DICOM files by instance UID.

    The final status of a retrieve is not trusted: what is missing is requested again.

    Raises
    ------
    TransientError
        ``E_INCOMPLETE`` with the counts, or ``E_TIMEOUT``.
    StudyQuarantinedError
        ``E_NO_IMAGES`` if nothing was listed.
    """
    wanted = contents.instances
    if not wanted:
        raise StudyQuarantinedError(Code.E_NO_IMAGES, "the PACS lists no MR image in the study")
    received: dict[str, bytes] = {}
    request = c_move if pacs.retrieve == "C-MOVE" else c_get
    missing, timeout = wanted, None
    for _ in range(ATTEMPTS):
        try:
            request(pacs, _queries(study_uid, missing, contents), received)
        except TransientError as error:
            timeout = error if isinstance(error, PeerTimeoutError) else None
        missing = frozenset(reference for reference in wanted if reference.instance_uid not in received)
        if not missing:
            return {reference.instance_uid: received[reference.instance_uid] for reference in wanted}
    arrived = len(wanted) - len(missing)
    raise timeout or TransientError(Code.E_INCOMPLETE, f"{arrived} of {len(wanted)} instances arrived")


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


def c_get(pacs: PacsSettings, queries: list[Dataset], received: dict[str, bytes]) -> None:
    """Retrieve on our own association (PS3.4 C.4.3)."""
    model = StudyRootQueryRetrieveInformationModelGet
    with association(pacs, [(evt.EVT_C_STORE, store_into(received))], model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_get(query, model))


def c_move(pacs: PacsSettings, queries: list[Dataset], received: dict[str, bytes]) -> None:
    """Have the instances sent to our own receiver (PS3.4 C.4.2)."""
    with receiver(pacs, received):
        request_move(pacs, queries)


def request_move(pacs: PacsSettings, queries: list[Dataset]) -> None:
    """Ask the PACS to send instances to our receiver, which must be listening already."""
    model = StudyRootQueryRetrieveInformationModelMove
    with association(pacs, [], model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_move(query, pacs.calling_aet, model))


def _finish(pacs: PacsSettings, responses: Iterator[tuple[Dataset, Dataset | None]]) -> None:
    """Read all responses; only a missing answer is an error here, since the received instances are counted anyway."""
    last = time.monotonic()
    for status, _identifier in responses:
        if status.get("Status") is None:
            raise no_answer(pacs, last, "the connection was lost during a retrieve")
        last = time.monotonic()
