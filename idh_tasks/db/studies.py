"""Studies, their series and what was held back."""

from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification, SeriesId, SeriesRecord, StudyId, StudyRecord


@dataclass(frozen=True)
class StoredStudy:
    """A study of the database with the series of its current revision."""

    study_id: StudyId
    revision: int
    content_hash: str
    roi_key: str | None
    series: tuple[SeriesRecord, ...]


@dataclass(frozen=True)
class HeldBack:
    """Something that was not taken, with code and reason; `subject` is an id of ours."""

    subject: str
    scope: str
    code: str
    reason: str


def save(transaction: Transaction, study: StudyRecord) -> bool:
    """Store a study, as a new revision if its content changed; tell whether anything changed."""
    transaction.run("lock_study", study_id=study.study_id)
    known = transaction.one("select_study", study_id=study.study_id)
    if known is not None and known["content_hash"] == study.content_hash:
        return False
    columns = {name: value for name, value in vars(study).items() if name != "series"}
    row = transaction.one("upsert_study", **columns)
    revision = row["revision"] if row else 1
    transaction.run_many(
        "insert_series",
        [
            {
                "study_id": study.study_id,
                "revision": revision,
                "series_id": series.series_id,
                "sequence": series.identification.sequence.value,
                "confidence": series.identification.confidence.value,
                "evidence": series.identification.evidence,
                "object_key": series.object_key,
                "sha256": series.sha256,
                "instances": series.instances,
            }
            for series in study.series
        ],
    )
    return True


def get(transaction: Transaction, study_id: StudyId) -> StoredStudy:
    """Return a study with its current series, the surest and most complete first."""
    row = transaction.one("select_study", study_id=study_id)
    if row is None:
        raise LookupError(study_id)
    series = tuple(
        SeriesRecord(
            SeriesId(found["series_id"]),
            Identification(MrSequence(found["sequence"]), Confidence(found["confidence"]), found["evidence"]),
            found["object_key"],
            found["sha256"],
            found["instances"],
        )
        for found in transaction.rows("select_series", study_id=study_id)
    )
    return StoredStudy(study_id, row["revision"], row["content_hash"], row["roi_key"], series)


def hold_back(transaction: Transaction, held: list[HeldBack], study_id: StudyId | None = None) -> None:
    """Record what was held back; the same subject and code once."""
    transaction.run_many("upsert_quarantine", [vars(item) | {"study_id": study_id} for item in held])
