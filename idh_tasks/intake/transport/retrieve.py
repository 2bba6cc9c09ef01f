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
from idh_tasks.errors import PeerTimeoutError, StudyQuarantinedError, TransientError
from idh_tasks.intake.transport.association import association, no_answer
from idh_tasks.intake.transport.listing import InstanceReference
from idh_tasks.intake.transport.receiver import receiver, store_into

ATTEMPTS = 4
"""How often the missing instances of a study are requested before the retrieve fails."""


def retrieve(
    pacs: PacsSettings,
    study_uid: str,
    wanted: frozenset[InstanceReference],
    received: MutableMapping[str, bytes],
) -> None:
    """Retrieve the instances that the PACS listed into `received`, as DICOM files by instance UID.

    The final status of a retrieve is not trusted: what is missing is requested again.

    Raises
    ------
    TransientError
        ``E_INCOMPLETE`` with the counts, or ``E_TIMEOUT``.
    StudyQuarantinedError
        ``E_NO_IMAGES`` if nothing was listed.
    """
    if not wanted:
        raise StudyQuarantinedError(Code.E_NO_IMAGES, "the PACS lists no MR image in the study")
    request = c_move if pacs.retrieve == "C-MOVE" else c_get
    missing, timeout = wanted, None
    for _ in range(ATTEMPTS):
        try:
            request(pacs, _queries(study_uid, missing, whole=missing == wanted), received)
        except TransientError as error:
            timeout = error if isinstance(error, PeerTimeoutError) else None
        missing = frozenset(reference for reference in wanted if reference.instance_uid not in received)
        if not missing:
            _drop_others(received, wanted)
            return
    arrived = len(wanted) - len(missing)
    raise timeout or TransientError(Code.E_INCOMPLETE, f"{arrived} of {len(wanted)} instances arrived")


def _drop_others(received: MutableMapping[str, bytes], wanted: frozenset[InstanceReference]) -> None:
    """Drop what the PACS sent without having listed it."""
    for uid in set(received) - {reference.instance_uid for reference in wanted}:
        del received[uid]


def _queries(study_uid: str, missing: frozenset[InstanceReference], *, whole: bool) -> list[Dataset]:
    """Return what to request: the whole study, or the missing instances of each series."""
    return [study_query(study_uid)] if whole else list(_series_queries(study_uid, missing))


def study_query(study_uid: str) -> Dataset:
    """Return the identifier of a request for a whole study."""
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study_uid
    return query


def _series_queries(study_uid: str, missing: frozenset[InstanceReference]) -> Iterator[Dataset]:
    for series_uid in sorted({reference.series_uid for reference in missing}):
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID, query.SeriesInstanceUID = "IMAGE", study_uid, series_uid
        query.SOPInstanceUID = sorted(r.instance_uid for r in missing if r.series_uid == series_uid)
        yield query


def c_get(pacs: PacsSettings, queries: list[Dataset], received: MutableMapping[str, bytes]) -> None:
    """Retrieve on our own association (PS3.4 C.4.3)."""
    model = StudyRootQueryRetrieveInformationModelGet
    with association(pacs, [(evt.EVT_C_STORE, store_into(received))], model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_get(query, model))


def c_move(pacs: PacsSettings, queries: list[Dataset], received: MutableMapping[str, bytes]) -> None:
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
