"""Queries to the PACS: C-FIND for the studies of a period, and for the instances of one study (PS3.4 C.4.1)."""

import time
from collections.abc import Sequence
from datetime import date, timedelta

from pydicom import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
)

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.transport.association import association, echo, no_answer
from idh_tasks.intake.transport.listing import (
    STUDY_KEYS,
    InstanceReference,
    PacsStudy,
    StudyContents,
    listed_study,
    unique_studies,
)

OUT_OF_RESOURCES = (0xA700, 0xA701, 0xA702)
PENDING = (0xFF00, 0xFF01)
SUCCESS = 0x0000


def find_studies(pacs: PacsSettings, since: date, until: date) -> list[PacsStudy]:
    """List the MR studies of these days, each once.

    Raises
    ------
    TransientError
        ``E_PACS``, or ``E_QUERY_TRUNCATED`` if one day holds more studies than the PACS lists.
    """
    echo(pacs)
    return unique_studies(_studies_between(pacs, since, until))


def _studies_between(pacs: PacsSettings, since: date, until: date) -> list[PacsStudy]:
    """List the studies of a period; if the PACS does not list them all, query each half of it."""
    rows = _query_studies(pacs, since, until)
    if rows is not None and (pacs.query_limit is None or len(rows) < pacs.query_limit):
        return [listed_study(row) for row in rows if row.get("StudyInstanceUID")]
    if since >= until:
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS does not list all studies of one day, {since}")
    middle = since + (until - since) // 2
    return [*_studies_between(pacs, since, middle), *_studies_between(pacs, middle + timedelta(days=1), until)]


def _query_studies(pacs: PacsSettings, since: date, until: date) -> list[Dataset] | None:
    """Return the rows of a query on an association of its own, or None if there are too many."""
    query = _study_query(ModalitiesInStudy="MR", StudyDate=f"{since:%Y%m%d}-{until:%Y%m%d}")
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        return _find(pacs, opened, query)


def _study_query(**criteria: str | list[str]) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword in STUDY_KEYS:
        setattr(query, keyword, criteria.get(keyword, ""))
    return query


def find_undated(pacs: PacsSettings) -> list[PacsStudy]:
    """List the MR studies without a study date, which no range of dates can ask for: the whole archive is listed.

    Raises
    ------
    TransientError
        ``E_PACS``, or ``E_QUERY_TRUNCATED`` if the PACS does not list all its studies at once.
    """
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        rows = _find(pacs, opened, _study_query(ModalitiesInStudy="MR"))
    if rows is None or (pacs.query_limit is not None and len(rows) >= pacs.query_limit):
        raise TransientError(Code.E_QUERY_TRUNCATED, "the PACS does not list all its studies at once")
    return unique_studies(listed_study(row) for row in rows if row.get("StudyInstanceUID") and not row.get("StudyDate"))


def find_known(pacs: PacsSettings, study_uids: Sequence[str]) -> list[PacsStudy]:
    """List those of these studies that the PACS holds, whatever their date.

    Raises
    ------
    TransientError
        ``E_PACS``.
    """
    found: list[PacsStudy] = []
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        for uid in study_uids:
            rows = _find_all(pacs, opened, uid, "STUDY", {key: "" for key in STUDY_KEYS if key != "StudyInstanceUID"})
            found += [listed_study(row) for row in rows if row.get("StudyInstanceUID") == uid]
    return unique_studies(found)


def find_series(pacs: PacsSettings, study_uids: Sequence[str]) -> dict[str, frozenset[tuple[str, int]]]:
    """List the series of these studies with their numbers of instances.

    Raises
    ------
    TransientError
        ``E_PACS``, or ``E_QUERY_TRUNCATED``.
    """
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        return {uid: frozenset(map(_counted, _series_rows(pacs, opened, uid))) for uid in study_uids}


def _series_rows(pacs: PacsSettings, opened: Association, study_uid: str) -> list[Dataset]:
    keys = {"SeriesInstanceUID": "", "NumberOfSeriesRelatedInstances": ""}
    return _find_all(pacs, opened, study_uid, "SERIES", keys)


def _counted(row: Dataset) -> tuple[str, int]:
    return str(row.SeriesInstanceUID), int(row.get("NumberOfSeriesRelatedInstances") or 0)


def _find(pacs: PacsSettings, opened: Association, query: Dataset) -> list[Dataset] | None:
    """Return the rows of a query, or None if the PACS says that there are too many."""
    started, rows = time.monotonic(), []
    for status, identifier in opened.send_c_find(query, StudyRootQueryRetrieveInformationModelFind):
        code = status.get("Status")
        if code in PENDING and identifier is not None:
            rows.append(identifier)
        elif code in OUT_OF_RESOURCES:
            return None
        elif code is None:
            raise no_answer(pacs, started, "the connection was lost during a query")
        elif code != SUCCESS:
            raise TransientError(Code.E_PACS, f"the PACS did not finish the query (status {code:04X})")
    return rows


def list_study(pacs: PacsSettings, study_uid: str) -> StudyContents:
    """Query a study at the levels of study, series and image (PS3.4 C.6.2).

    Raises
    ------
    TransientError
        ``E_PACS``, ``E_TIMEOUT``, or ``E_QUERY_TRUNCATED`` if a level is not listed completely.
    """

    def query(level: str, **keys: str) -> list[Dataset]:
        return _find_all(pacs, opened, study_uid, level, keys)

    images: list[Dataset] = []
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        studies = query("STUDY", PatientID="", NumberOfStudyRelatedInstances="")
        for series in query("SERIES", SeriesInstanceUID=""):
            uid = str(series.SeriesInstanceUID)
            images += query("IMAGE", SeriesInstanceUID=uid, SOPInstanceUID="", SOPClassUID="")
    _check_complete(studies, images)
    patients = frozenset(str(row.get("PatientID") or "").strip() for row in studies)
    return StudyContents(patients, frozenset(_reference(row) for row in images if _may_be_accepted(row)))


def _find_all(
    pacs: PacsSettings, opened: Association, study_uid: str, level: str, keys: dict[str, str]
) -> list[Dataset]:
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = level, study_uid
    for keyword, value in keys.items():
        setattr(query, keyword, value)
    rows = _find(pacs, opened, query)
    if rows is None:
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS does not list everything at level {level}")
    return [row for row in rows if row.get("StudyInstanceUID", study_uid) == study_uid]


def _check_complete(studies: list[Dataset], images: list[Dataset]) -> None:
    stated = max((int(row.get("NumberOfStudyRelatedInstances") or 0) for row in studies), default=0)
    if len(images) < stated:
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS lists {len(images)} of {stated} instances of the study")


def _may_be_accepted(row: Dataset) -> bool:
    return row.get("SOPClassUID") in (None, "", *SOP_CLASSES)


def _reference(row: Dataset) -> InstanceReference:
    return InstanceReference(str(row.SeriesInstanceUID), str(row.SOPInstanceUID))
