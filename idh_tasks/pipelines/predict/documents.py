"""Writes a document with the champions' predictions for each study; a new one when label, study or champion changes.

A document whose predictions no longer hold is superseded by one that says so.
"""

import logging
from functools import partial
from io import BytesIO
from typing import NotRequired, TypedDict

from pydicom import Dataset, dcmread

from idh_tasks.db import audit, documents, studies, study_headers
from idh_tasks.db.documents import Document, StudyPredictions
from idh_tasks.db.due_work import Stage
from idh_tasks.domain.learning import SequencePrediction
from idh_tasks.domain.study import StudyId
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.pipelines.due_work import TIME_S, Outcomes, Share, shares, work_off
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict.batch import unpredicted
from idh_tasks.store import keys

log = logging.getLogger(__name__)

STUDIES_PER_TASK = 32
WRITTEN = "written"


class Published(TypedDict):
    """How many documents were written, and the sequences that are not predicted any more, if there are any."""

    documents: int
    unpredicted: NotRequired[list[str]]


def due(platform: Platform) -> list[Share]:
    """Return the tasks that share the studies whose documents may have to be written."""
    return shares(platform, Stage.DOCUMENT, STUDIES_PER_TASK)


def published(platform: Platform, written: int) -> Published:
    """Return how many documents were written, and which sequences have no champion because it was withdrawn."""
    missing = unpredicted(platform)
    return Published(documents=written, unpredicted=missing) if missing else Published(documents=written)


def write_documents(platform: Platform, holder: str = "by hand", time_s: float = TIME_S) -> int:
    """Write a document for each study whose latest document is not up to date; return their number.

    A stored document is never changed: a new one references the previous one.
    """
    outcomes = work_off(platform, Stage.DOCUMENT, holder, partial(_update, platform), time_s)
    log.info("%d documents written", outcomes[WRITTEN])
    return outcomes[WRITTEN]


def _update(platform: Platform, study_id: StudyId) -> Outcomes:
    with platform.database.begin() as transaction:
        study = documents.predictions_of(transaction, study_id)
    if study is None or study.content_hash == _content_hash(study):
        return Outcomes()
    _write(platform, study)
    return Outcomes({WRITTEN: 1})


def _content_hash(study: StudyPredictions) -> str:
    if not study.predicted:  # whatever else changes, one document says that nothing holds
        return keys.digest("withdrawn")
    return keys.digest(study.revision, study.idh_status, study.report_version, *map(_hashed, study.predicted))


def _hashed(prediction: SequencePrediction) -> tuple[str, str, float]:
    """Return the values as they are in the hashes of stored documents: PostgreSQL writes 0.0 and 1.0 as 0 and 1."""
    probability = prediction.probability_mutant
    whole = int(probability) if probability.is_integer() else probability
    return prediction.sequence.value, prediction.model_id, whole


def _write(platform: Platform, study: StudyPredictions) -> None:
    from idh_tasks.delivery.structured_report import DocumentUids, write_report

    content_hash = _content_hash(study)
    document_id = keys.digest(study.study_id, content_hash, study.document_id or "")
    uid = platform.pseudonymiser.uid
    uids = DocumentUids(uid(f"document {document_id}"), uid(f"documents {document_id}"), uid("device"))
    header, previous = _header(platform, study.study_id), _previous(platform, study)
    content = write_report([header], study.predicted, study.idh_status, uids, previous)
    key = keys.document(study.study_id, document_id)
    document = Document(
        document_id,
        study.study_id,
        study.revision,
        content_hash,
        sop_instance_uid=uids.document,
        supersedes=study.document_id,
        object_key=key,
        sha256=platform.store.put(key, content),
    )
    _save(platform, document)


def _previous(platform: Platform, study: StudyPredictions) -> bytes | None:
    """Return the document that the new one supersedes, or None."""
    if study.object_key is None or study.sha256 is None:
        return None
    return platform.store.get_checked(study.object_key, study.sha256)


def _save(platform: Platform, document: Document) -> None:
    related = {"study": document.study_id, "supersedes": document.supersedes}
    with platform.database.begin() as transaction:
        documents.save(transaction, document)
        audit.record(transaction, "predict", "document written", document.document_id, **related)


def _header(platform: Platform, study_id: StudyId) -> Dataset:
    """Return a header of the study; of one that was stored before headers were kept, its first series is read once."""
    with platform.database.begin() as transaction:
        header = study_headers.find(transaction, study_id)
    return dcmread(BytesIO(header or _kept_now(platform, study_id)))


def _kept_now(platform: Platform, study_id: StudyId) -> bytes:
    from idh_tasks.delivery.evidence import evidence

    with platform.database.begin() as transaction:
        series = studies.get(transaction, study_id).series[0]
    files = unzip(platform.store.get_checked(series.object_key, series.sha256))
    header = evidence(next(iter(files.values())))
    with platform.database.begin() as transaction:
        study_headers.fill(transaction, study_id, header)
    return header
