"""Documents: structured reports of the champions' predictions."""

from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import SequencePrediction
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class StudyPredictions:
    """The champions' predictions for a study, its IDH status, and its latest document, if there is one."""

    study_id: StudyId
    revision: int
    idh_status: IdhStatus | None
    report_version: int | None
    predicted: tuple[SequencePrediction, ...]
    document_id: str | None
    content_hash: str | None
    object_key: str | None
    sha256: str | None


@dataclass(frozen=True)
class Document:
    """A document to be stored; `supersedes` is the id of the document before it."""

    document_id: str
    study_id: StudyId
    revision: int
    content_hash: str
    sop_instance_uid: str
    supersedes: str | None
    object_key: str
    sha256: str


def predictions_of(transaction: Transaction, study_id: StudyId) -> StudyPredictions | None:
    """Return what a document would say of a study now: no prediction if those of its latest document no longer hold.

    It is None if there is nothing to say, and no document to supersede.
    """
    return transaction.first(StudyPredictions, "documents/select_predictions_to_report", study_id=study_id)


def save(transaction: Transaction, document: Document) -> None:
    """Store a document; one that is stored already stays."""
    transaction.run("documents/insert_document", **vars(document))
