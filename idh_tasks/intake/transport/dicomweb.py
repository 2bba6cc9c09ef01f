"""Retrieves studies by DICOMweb: QIDO-RS with paging, WADO-RS as files (PS3.18)."""

from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from datetime import date
from typing import Any

from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.endpoints import DicomwebSettings
from idh_tasks.errors import InstanceRejectedError, StudyQuarantinedError, TransientError
from idh_tasks.intake.gate.accepted import MAX_BYTES, SOP_CLASSES
from idh_tasks.intake.gate.file_meta import read_file_meta
from idh_tasks.intake.transport.dicomweb_session import body, client, session, translated
from idh_tasks.intake.transport.listing import (
    SERIES_KEYS,
    STUDY_KEYS,
    PacsSeries,
    PacsStudy,
    SeriesChoice,
    counted,
    every_series,
    listed_series,
    listed_study,
    unique_studies,
)
from idh_tasks.intake.transport.multipart import boundary_of, parts

ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
MAX_STUDY_BYTES = 16 * 2**30
"""The largest study that is retrieved."""
STUDY_UID, SERIES_UID, INSTANCE_UID, SOP_CLASS = "0020000D", "0020000E", "00080018", "00080016"


def _search_all(search: Any, page: int, **options: Any) -> list[dict[str, Any]]:
    """Return all rows of a search, page by page (PS3.18 8.3.4.4)."""
    rows = _search(search, page, 0, options)
    while rows and len(rows) % page == 0:
        more = _search(search, page, len(rows), options)
        if more:
            rows += more
            continue
        # Orthanc's plugin 1.7 counts the offset inside the limit: its second page is always empty.
        page = 2 * len(rows) + 1
        rows = max(rows, _search(search, page, 0, options), key=len)
    return rows


def _search(search: Any, limit: int, offset: int, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one page of a search."""
    try:
        rows: list[dict[str, Any]] = search(limit=limit, offset=offset, **options)
    except Exception as error:  # the client raises what requests, JSON and urllib3 raise
        raise translated(error) from None
    if not all({STUDY_UID, SERIES_UID, INSTANCE_UID} & set(row) for row in rows):
        raise TransientError(Code.E_DICOMWEB, "the archive's listing names no study, series or instance")
    return rows


def _value(row: dict[str, Any], tag: str) -> str:
    return str((row.get(tag, {}).get("Value") or [""])[0])


def find_studies(archive: DicomwebSettings, since: date, until: date) -> list[PacsStudy]:
    """List the MR studies of these days by QIDO-RS, each once.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` after bounded retries.
    RunRefusedError
        ``E_UNENCRYPTED`` before anything is sent, as for every request.
    """
    return _studies(archive, ModalitiesInStudy="MR", StudyDate=f"{since:%Y%m%d}-{until:%Y%m%d}")


def find_patient_studies(archive: DicomwebSettings, identifiers: Iterable[str]) -> Iterator[list[PacsStudy]]:
    """Yield the MR studies that the archive files under each identifier, whatever their date.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` after bounded retries.
    """
    for identifier in identifiers:
        yield _studies(archive, ModalitiesInStudy="MR", PatientID=identifier)


def _studies(archive: DicomwebSettings, **criteria: str) -> list[PacsStudy]:
    fields = [key for key in STUDY_KEYS if key not in criteria]
    rows = _search_all(client(archive).search_for_studies, archive.page, search_filters=criteria, fields=fields)
    return unique_studies(listed_study(_data_set(row)) for row in rows)


def find_undated(archive: DicomwebSettings) -> list[PacsStudy]:
    """List the MR studies without a study date, which no range of dates can ask for: the whole archive is listed.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` after bounded retries.
    """
    return [study for study in _studies(archive, ModalitiesInStudy="MR") if not study.study_date]


def find_known(archive: DicomwebSettings, study_uids: Sequence[str]) -> list[PacsStudy]:
    """List those of these studies that the archive holds, whatever their date.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` after bounded retries.
    """
    found = [study for uid in study_uids for study in _studies(archive, StudyInstanceUID=uid) if study.study_uid == uid]
    return unique_studies(found)


def find_series(archive: DicomwebSettings, study_uids: Sequence[str]) -> dict[str, frozenset[tuple[str, int]]]:
    """List the series of these studies with their numbers of instances.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` after bounded retries.
    """
    return {uid: counted(list_series(archive, uid)) for uid in study_uids}


def _data_set(row: dict[str, Any]) -> Dataset:
    try:
        return Dataset.from_json(row)
    except Exception:  # pydicom raises many types, and some carry values in their text
        raise TransientError(Code.E_DICOMWEB, "the archive's listing is not DICOM JSON") from None


def probe(archive: DicomwebSettings) -> None:
    """Check with one row, and without retries, that the archive answers a search.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` if it does not.
    """
    _search(client(archive, retries=0).search_for_studies, 1, 0, {})


def retrieve(
    archive: DicomwebSettings,
    study_uid: str,
    received: MutableMapping[str, bytes],
    choose: SeriesChoice = every_series,
) -> frozenset[tuple[str, int]]:
    """Retrieve the chosen series by WADO-RS into `received`, as DICOM files by instance UID; all listed must arrive.

    Returns
    -------
    frozenset
        All series of the study with their numbers of instances, as `find_series`.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` for a malformed answer, ``E_INCOMPLETE`` if instances are missing.
    StudyQuarantinedError
        ``E_NO_IMAGES`` if the study has none.
    """
    rows = _search_all(client(archive).search_for_instances, archive.page, study_instance_uid=study_uid)
    series = list_series(archive, study_uid)
    unwanted = _unwanted(archive, study_uid, series, choose)
    wanted = {_value(row, INSTANCE_UID): _value(row, SERIES_UID) for row in rows if _is_wanted(row, unwanted)}
    if not wanted:
        raise StudyQuarantinedError(Code.E_NO_IMAGES, "the archive lists no MR image in the study")
    by_series = unwanted and all(wanted.values())
    paths = [f"/series/{uid}" for uid in sorted(set(wanted.values()))] if by_series else [""]
    for path in paths:
        for content in _files(archive, f"{study_uid}{path}"):
            if (uid := _uid(content)) in wanted:
                received[uid] = content
    if missing := set(wanted) - set(received):
        raise TransientError(Code.E_INCOMPLETE, f"{len(wanted) - len(missing)} of {len(wanted)} instances arrived")
    return counted(series)


def _is_wanted(row: dict[str, Any], unwanted: set[str]) -> bool:
    return _value(row, SOP_CLASS) in ("", *SOP_CLASSES) and _value(row, SERIES_UID) not in unwanted


def _unwanted(
    archive: DicomwebSettings, study_uid: str, series: Sequence[PacsSeries], choose: SeriesChoice
) -> set[str]:
    """Return the series that are listed and not chosen; one that is only listed by its instances is retrieved."""
    studies = _studies(archive, StudyInstanceUID=study_uid)
    chosen = choose(studies[0] if studies else PacsStudy(study_uid, "", 0), series)
    return {one.series_uid for one in series} - chosen


def list_series(archive: DicomwebSettings, study_uid: str) -> list[PacsSeries]:
    """List the series of a study.

    Raises
    ------
    TransientError
        ``E_DICOMWEB`` after bounded retries.
    """
    search = client(archive).search_for_series
    rows = _search_all(search, archive.page, study_instance_uid=study_uid, fields=list(SERIES_KEYS))
    return [listed_series(_data_set(row)) for row in rows]


def _files(archive: DicomwebSettings, path: str) -> Iterator[bytes]:
    """Yield the parts of a WADO-RS answer without parsing them: the gate comes before any parser."""
    url = f"{archive.url.rstrip('/')}/studies/{path}"
    opened = session(archive)
    try:
        with opened.get(url, headers={"Accept": ACCEPT}, stream=True) as answer:
            answer.raise_for_status()
            boundary = boundary_of(answer.headers.get("Content-Type", ""))
            yield from parts(body(answer, MAX_STUDY_BYTES), boundary, MAX_BYTES)
    except Exception as error:  # requests, urllib3 and the reader of parts raise their own types
        raise translated(error) from None


def _uid(content: bytes) -> str:
    try:
        return read_file_meta(content).instance_uid
    except InstanceRejectedError:
        return ""
