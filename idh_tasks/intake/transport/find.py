"""Queries to the PACS: C-FIND for studies of a period or of a patient, and for the contents of one (PS3.4 C.4.1)."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date

from pydicom import Dataset
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import from a table
    StudyRootQueryRetrieveInformationModelFind,
)
from tenacity import Retrying, retry_if_result, stop_after_attempt

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.transport.association import association, backoff, echo, no_answer
from idh_tasks.intake.transport.listing import (
    SERIES_KEYS,
    STUDY_KEYS,
    InstanceReference,
    PacsSeries,
    PacsStudy,
    SeriesChoice,
    StudyContents,
    counted,
    every_series,
    listed_series,
    listed_study,
    unique_studies,
)
from idh_tasks.intake.transport.questions import Question
from idh_tasks.intake.transport.traffic import Priority
from idh_tasks.intake.transport.whole_list import Answer, list_whole

OUT_OF_RESOURCES = (0xA700, 0xA701, 0xA702)
"""The PACS has too much to list, or too much to do: a smaller question is asked, or the same one later."""
ATTEMPTS = 4
"""How often a question that cannot be made smaller is asked."""
PENDING = (0xFF00, 0xFF01)
SUCCESS = 0x0000


def find_studies(pacs: PacsSettings, since: date, until: date, priority: Priority = Priority.MEDIUM) -> list[PacsStudy]:
    """List the MR studies of these days, each once.

    Raises
    ------
    PartlyListedError
        ``E_QUERY_TRUNCATED``, with all other studies, if the PACS does not list a part of a day.
    TransientError
        ``E_PACS``, or ``E_QUERY_TRUNCATED`` if it does not list any study of a day.
    """
    echo(pacs)
    with ExitStack() as opened:
        return list_whole(_Asked(pacs, priority, opened), Question(since, until))


@dataclass
class _Asked:
    """Asks about days on an association each, and about the many parts of a day on one as long as it lasts."""

    pacs: PacsSettings
    priority: Priority
    stack: ExitStack
    opened: Association | None = None

    def __call__(self, question: Question) -> Answer:
        query = _study_query(**question.criteria)
        if not question.is_of_whole_days:
            return _answer(_find(self.pacs, self._kept(), query, self.priority))
        self._close()
        with association(self.pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
            # A PACS that lists nothing of a day may only be busy.
            ask = _patiently if question.is_of_one_day else _find
            return _answer(ask(self.pacs, opened, query, self.priority))

    def _kept(self) -> Association:
        if self.opened is None or not self.opened.is_established:
            self._close()
            model = StudyRootQueryRetrieveInformationModelFind
            self.opened = self.stack.enter_context(association(self.pacs, [], model))
        return self.opened

    def _close(self) -> None:
        self.stack.close()
        self.opened = None


def _answer(found: "_Found") -> Answer:
    return Answer([listed_study(row) for row in found.rows if row.get("StudyInstanceUID")], found.is_whole)


def _study_query(**criteria: str) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    for keyword, value in criteria.items():
        setattr(query, keyword, value)
    return _asking(query, STUDY_KEYS)


def _asking(query: Dataset, keys: tuple[str, ...]) -> Dataset:
    """Return the query with an empty value for each key that is no criterion: the PACS fills them in."""
    for keyword in keys:
        if keyword not in query:
            setattr(query, keyword, "")
    return query


def find_patient_studies(
    pacs: PacsSettings, identifiers: Iterable[str], priority: Priority = Priority.LOW
) -> Iterator[list[PacsStudy]]:
    """Yield the MR studies that the PACS files under each identifier, whatever their date, on one association.

    Raises
    ------
    TransientError
        ``E_PACS``, ``E_TIMEOUT``, or ``E_QUERY_TRUNCATED`` if the PACS does not list all studies of a patient.
    """
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        for identifier in identifiers:
            found = _patiently(pacs, opened, _study_query(ModalitiesInStudy="MR", PatientID=identifier), priority)
            if not found.is_whole:
                raise TransientError(Code.E_QUERY_TRUNCATED, "the PACS does not list all studies of a patient")
            yield unique_studies(_answer(found).studies)


def find_undated(pacs: PacsSettings) -> list[PacsStudy]:
    """List the MR studies without a study date, which no range of dates can ask for: the whole archive is listed.

    Raises
    ------
    TransientError
        ``E_PACS``, or ``E_QUERY_TRUNCATED`` if the PACS does not list all its studies at once.
    """
    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        found = _patiently(pacs, opened, _study_query(ModalitiesInStudy="MR"), Priority.LOW)
    if not found.is_whole:
        raise TransientError(Code.E_QUERY_TRUNCATED, "the PACS does not list all its studies at once")
    undated = (row for row in found.rows if row.get("StudyInstanceUID") and not row.get("StudyDate"))
    return unique_studies(map(listed_study, undated))


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
            rows = _find_all(pacs, opened, _query(uid, "STUDY", STUDY_KEYS, {}), Priority.LOW)
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
        return {uid: counted(_series_of(pacs, opened, uid)) for uid in study_uids}


def _series_of(pacs: PacsSettings, opened: Association, study_uid: str) -> list[PacsSeries]:
    query = _query(study_uid, "SERIES", SERIES_KEYS, {})
    return [listed_series(row) for row in _find_all(pacs, opened, query, Priority.LOW)]


@dataclass(frozen=True)
class _Found:
    """The rows of a query, and whether they are all: a PACS may send some before it says that there are too many."""

    rows: list[Dataset]
    is_answered: bool
    is_whole: bool


def _patiently(pacs: PacsSettings, opened: Association, query: Dataset, priority: Priority) -> _Found:
    """Return the rows of a query for which the PACS may only be too busy: then it answers later."""
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=backoff,
        retry=retry_if_result(lambda found: not (found.is_answered or found.rows)),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    found: _Found = retrying(_find, pacs, opened, query, priority)
    return found


def _find(pacs: PacsSettings, opened: Association, query: Dataset, priority: Priority) -> _Found:
    started, rows = time.monotonic(), []
    model = StudyRootQueryRetrieveInformationModelFind
    for status, identifier in opened.send_c_find(query, model, priority=priority):
        code = status.get("Status")
        if code in PENDING and identifier is not None:
            rows.append(identifier)
        elif code in OUT_OF_RESOURCES:
            return _Found(rows, is_answered=False, is_whole=False)
        elif code is None:
            raise no_answer(pacs, started, "the connection was lost during a query")
        elif code != SUCCESS:
            raise TransientError(Code.E_PACS, f"the PACS did not finish the query (status {code:04X})")
    return _Found(rows, is_answered=True, is_whole=pacs.query_limit is None or len(rows) < pacs.query_limit)


def list_study(
    pacs: PacsSettings,
    study_uid: str,
    choose: SeriesChoice = every_series,
    priority: Priority = Priority.MEDIUM,
) -> StudyContents:
    """Query a study at the levels of study, series and image (PS3.4 C.6.2); only chosen series are wanted.

    Raises
    ------
    TransientError
        ``E_PACS``, ``E_TIMEOUT``, or ``E_QUERY_TRUNCATED`` if a level is not listed completely.
    """

    def query(level: str, keys: tuple[str, ...], **criteria: str) -> list[Dataset]:
        return _find_all(pacs, opened, _query(study_uid, level, keys, criteria), priority)

    def images(series_uid: str) -> list[Dataset]:
        return query("IMAGE", ("SOPInstanceUID", "SOPClassUID"), SeriesInstanceUID=series_uid)

    with association(pacs, [], StudyRootQueryRetrieveInformationModelFind) as opened:
        studies = query("STUDY", STUDY_KEYS)
        listed = [listed_series(row) for row in query("SERIES", SERIES_KEYS)]
        wanted = choose(replace(listed_study(studies[0] if studies else Dataset()), study_uid=study_uid), listed)
        found = [row for series in listed if series.series_uid in wanted for row in images(series.series_uid)]
        # A series that is not wanted is counted all the same: nothing may be missing from the listing in silence.
        others = [one for one in listed if one.series_uid not in wanted]
        stated = sum(one.instances or len(images(one.series_uid)) for one in others)
    _check_complete(studies, len(found) + stated)
    patients = frozenset(str(row.get("PatientID") or "").strip() for row in studies)
    references = frozenset(_reference(row) for row in found if _may_be_accepted(row))
    return StudyContents(patients, references, whole=not others, series=counted(listed))


def _query(study_uid: str, level: str, keys: tuple[str, ...], criteria: dict[str, str]) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel, query.StudyInstanceUID = level, study_uid
    for keyword, value in criteria.items():
        setattr(query, keyword, value)
    return _asking(query, keys)


def _find_all(pacs: PacsSettings, opened: Association, query: Dataset, priority: Priority) -> list[Dataset]:
    found = _patiently(pacs, opened, query, priority)
    if not found.is_answered:
        level = query.QueryRetrieveLevel
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS does not list everything at level {level}")
    study_uid = query.StudyInstanceUID
    return [row for row in found.rows if row.get("StudyInstanceUID", study_uid) == study_uid]


def _check_complete(studies: list[Dataset], listed: int) -> None:
    stated = max((int(row.get("NumberOfStudyRelatedInstances") or 0) for row in studies), default=0)
    if listed < stated:
        raise TransientError(Code.E_QUERY_TRUNCATED, f"the PACS lists {listed} of {stated} instances of the study")


def _may_be_accepted(row: Dataset) -> bool:
    return row.get("SOPClassUID") in (None, "", *SOP_CLASSES)


def _reference(row: Dataset) -> InstanceReference:
    return InstanceReference(str(row.SeriesInstanceUID), str(row.SOPInstanceUID))
