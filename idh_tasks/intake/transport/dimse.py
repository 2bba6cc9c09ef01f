"""PACS pickup by DIMSE: C-FIND for what is new, C-GET or C-MOVE for the instances, every UID compared."""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from pydicom import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from idh_tasks.codes import Code
from idh_tasks.dicom.files import part10
from idh_tasks.errors import PeerTimeoutError, StudyQuarantinedError, TransientError
from idh_tasks.intake.gate.instance import ACCEPTED
from idh_tasks.intake.transport.association import association, bounded, echo, entity, no_delay, refused, silence, tls
from idh_tasks.settings import PacsSettings

ATTEMPTS = 4
"""How often the missing instances of a study are asked for before the night is told."""
OUT_OF_RESOURCES = (0xA700, 0xA701, 0xA702)
CONNECTIONS = 100
"""How many peers our receiver hears out at once: idle strangers must not keep the PACS away."""
PENDING = (0xFF00, 0xFF01)
SUCCESS, SOP_CLASS_NOT_OURS = 0x0000, 0x0122


@dataclass(frozen=True)
class PacsStudy:
    """A study as the PACS lists it."""

    study_uid: str
    study_date: str
    instances: int


@dataclass(frozen=True)
class Place:
    """Where an instance lies: one must name its series to ask for it (PS3.4 C.4.3.1)."""

    series_uid: str
    instance_uid: str


def find_studies(pacs: PacsSettings, since: date, until: date) -> list[PacsStudy]:
    """List the MR studies of these days (PS3.4 C.4.1), each once.

    Raises
    ------
    TransientError
        ``E_PACS``, or ``E_QUERY_TRUNCATED`` if one day holds more than the PACS lists.
    """
    echo(pacs)
    return each_once(_between(pacs, since, until))


def each_once(listed: Iterable[PacsStudy]) -> list[PacsStudy]:
    """Return every study once, in order of its date, however often an archive lists it."""
    return sorted({found.study_uid: found for found in listed}.values(), key=lambda s: (s.study_date, s.study_uid))


def _between(pacs: PacsSettings, since: date, until: date) -> list[PacsStudy]:
    query = Dataset()
    query.QueryRetrieveLevel, query.ModalitiesInStudy = "STUDY", "MR"
    query.StudyDate = f"{since:%Y%m%d}-{until:%Y%m%d}"
    query.StudyInstanceUID = query.NumberOfStudyRelatedInstances = ""
    rows = _find(pacs, query)
    if rows is not None and (pacs.query_limit is None or len(rows) < pacs.query_limit):
        return [
            PacsStudy(str(r.StudyInstanceUID), str(r.StudyDate), int(r.get("NumberOfStudyRelatedInstances") or 0))
            for r in rows
            if r.get("StudyInstanceUID")
        ]
    if since >= until:
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS does not list all studies of one day, {since}")
    middle = since + (until - since) // 2
    return [*_between(pacs, since, middle), *_between(pacs, middle + timedelta(days=1), until)]


def _find(pacs: PacsSettings, query: Dataset) -> list[Dataset] | None:
    """Return the rows of a query on an association of its own, or None if there are too many."""
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        return _ask(pacs, opened, query)


def _ask(pacs: PacsSettings, opened: Association, query: Dataset) -> list[Dataset] | None:
    """Return the rows of a query, or None if the PACS says that there are too many."""
    started, found = time.monotonic(), []
    for status, identifier in opened.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
        code = status.get("Status")
        if code in PENDING and identifier is not None:
            found.append(identifier)
        elif code in OUT_OF_RESOURCES:
            return None
        elif code is None:
            raise silence(pacs, started, "the connection was lost during a query")
        elif code != SUCCESS:
            raise TransientError(Code.E_PACS, f"the PACS did not finish the query (status {code:04X})")
    return found


@dataclass(frozen=True)
class Listing:
    """What the PACS holds of a study: under which patients, and every instance that we take."""

    patients: frozenset[str]
    places: frozenset[Place]


def list_study(pacs: PacsSettings, study_uid: str) -> Listing:
    """Ask for a study at the levels of study, series and image (PS3.4 C.6.2).

    Raises
    ------
    TransientError
        ``E_PACS``, ``E_TIMEOUT``, or ``E_QUERY_TRUNCATED`` if a level is not listed whole.
    """

    def ask(level: str, **keys: str) -> list[Dataset]:
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID = level, study_uid
        for keyword, value in keys.items():
            setattr(query, keyword, value)
        rows = _ask(pacs, opened, query)
        if rows is None:
            raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS does not list everything at level {level}")
        return [row for row in rows if row.get("StudyInstanceUID", study_uid) == study_uid]

    rows: list[Dataset] = []
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        studies = ask("STUDY", PatientID="", NumberOfStudyRelatedInstances="")
        for series in ask("SERIES", SeriesInstanceUID=""):
            rows += ask("IMAGE", SeriesInstanceUID=str(series.SeriesInstanceUID), SOPInstanceUID="", SOPClassUID="")
    stated = max((int(row.get("NumberOfStudyRelatedInstances") or 0) for row in studies), default=0)
    if len(rows) < stated:
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS lists {len(rows)} of {stated} instances of the study")
    patients = frozenset(str(row.get("PatientID") or "").strip() for row in studies)
    ours = (row for row in rows if row.get("SOPClassUID") in (None, "", *ACCEPTED))
    return Listing(patients, frozenset(Place(str(row.SeriesInstanceUID), str(row.SOPInstanceUID)) for row in ours))


def retrieve(pacs: PacsSettings, study_uid: str, wanted: frozenset[Place]) -> dict[str, bytes]:
    """Retrieve the instances that the PACS listed as DICOM files, by instance UID; no final status is trusted.

    What is missing is asked for again.

    Raises
    ------
    TransientError
        ``E_INCOMPLETE`` with the counts, or ``E_TIMEOUT``.
    StudyQuarantinedError
        ``E_NO_IMAGES`` if nothing was listed.
    """
    if not wanted:
        raise StudyQuarantinedError(Code.E_NO_IMAGES, "the PACS lists no MR image in the study")
    received: dict[str, bytes] = {}
    fetch = _move if pacs.retrieve == "C-MOVE" else _get
    missing, stalled = wanted, None
    for _ in range(ATTEMPTS):
        try:
            fetch(pacs, _identifiers(study_uid, missing, whole=missing == wanted), received)
        except TransientError as error:
            stalled = error if isinstance(error, PeerTimeoutError) else None
        missing = frozenset(place for place in wanted if place.instance_uid not in received)
        if not missing:
            return {place.instance_uid: received[place.instance_uid] for place in wanted}
    arrived = len(wanted) - len(missing)
    raise stalled or TransientError(Code.E_INCOMPLETE, f"{arrived} of {len(wanted)} instances arrived")


def _identifiers(study_uid: str, missing: frozenset[Place], *, whole: bool) -> list[Dataset]:
    """Return what to ask for: the study, or the missing instances of each series."""
    if whole:
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study_uid
        return [query]
    queries = []
    for series_uid in sorted({place.series_uid for place in missing}):
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID, query.SeriesInstanceUID = "IMAGE", study_uid, series_uid
        query.SOPInstanceUID = sorted(p.instance_uid for p in missing if p.series_uid == series_uid)
        queries.append(query)
    return queries


def _store_into(received: dict[str, bytes]) -> Any:
    def store(event: evt.Event) -> int:
        request = cast("C_STORE", event.request)
        uid, sop_class, content = str(request.AffectedSOPInstanceUID), request.AffectedSOPClassUID, request.DataSet
        if sop_class not in ACCEPTED or content is None:
            return SOP_CLASS_NOT_OURS
        received[uid] = part10(sop_class, uid, event.context.transfer_syntax, content.getvalue())
        return SUCCESS

    return store


def _get(pacs: PacsSettings, queries: list[Dataset], received: dict[str, bytes]) -> None:
    """Retrieve on our own association (C-GET, PS3.4 C.4.3)."""
    model = StudyRootQueryRetrieveInformationModelGet
    with association(pacs, [(evt.EVT_C_STORE, _store_into(received))], model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_get(query, model))


def _move(pacs: PacsSettings, queries: list[Dataset], received: dict[str, bytes]) -> None:
    """Have the instances sent to our own receiver (C-MOVE, PS3.4 C.4.2)."""
    model = StudyRootQueryRetrieveInformationModelMove
    with _receiver(pacs, received), association(pacs, [], model) as opened:
        for query in queries:
            _finish(pacs, opened.send_c_move(query, pacs.calling_aet, model))


def _finish(pacs: PacsSettings, responses: Iterator[tuple[Dataset, Dataset | None]]) -> None:
    """Read all responses; only silence is an error here, since what arrived is counted anyway."""
    last = time.monotonic()
    for status, _identifier in responses:
        if status.get("Status") is None:
            raise silence(pacs, last, "the connection was lost during a retrieve")
        last = time.monotonic()


@contextmanager
def _receiver(pacs: PacsSettings, received: dict[str, bytes]) -> Iterator[None]:
    """Listen for the PACS and for nobody else, as long as a retrieve lasts."""
    ae = entity(pacs)
    ae.maximum_associations = CONNECTIONS
    ae.require_called_aet = True
    ae.require_calling_aet = [pacs.called_aet]
    for storage in ACCEPTED:
        ae.add_supported_context(storage)
    handlers: list[Any] = [
        (evt.EVT_CONN_OPEN, no_delay),
        (evt.EVT_CONN_OPEN, bounded),
        (evt.EVT_REJECTED, refused),
        (evt.EVT_C_STORE, _store_into(received)),
    ]
    context = tls(pacs, ssl.Purpose.CLIENT_AUTH)
    try:
        server = ae.start_server(("", pacs.listen_port), block=False, evt_handlers=handlers, ssl_context=context)
    except OSError:
        raise TransientError(
            Code.E_PACS, f"port {pacs.listen_port} is taken; another retrieve may be running"
        ) from None
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()


def send_study(pacs: PacsSettings, files: list[Path]) -> None:
    """Send files by C-STORE (PS3.4 B), as a modality would; what a lost association left goes by another.

    Raises
    ------
    TransientError
        ``E_PACS`` if the PACS does not take an instance.
    """
    left = list(files)
    for _ in range(ATTEMPTS):
        left = _send(pacs, left)
        if not left:
            return
    raise TransientError(Code.E_PACS, f"the PACS did not take {len(left)} of {len(files)} instances")


def _send(pacs: PacsSettings, files: list[Path]) -> list[Path]:
    """Send until the association ends; return what was not acknowledged."""
    with association(pacs, [], *ACCEPTED) as opened:
        for sent, path in enumerate(files):
            if opened.send_c_store(path).get("Status") != 0:
                return files[sent:]
    return []
