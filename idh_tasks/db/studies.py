"""Studies, their series and what was held back."""

from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import (
    Fault,
    Fineness,
    Identification,
    InstanceRecord,
    SeriesId,
    SeriesRecord,
    StudyId,
    StudyRecord,
)


@dataclass(frozen=True)
class StoredStudy:
    """A study of the database with the series of its current revision."""

    study_id: StudyId
    revision: int
    content_hash: str
    roi_key: str | None
    series: tuple[SeriesRecord, ...]


def save(transaction: Transaction, study: StudyRecord) -> bool:
    """Store a locked study, as a new revision if its content changed; tell whether anything changed."""
    known = transaction.one("studies/select_study", study_id=study.study_id)
    if known is not None and known["content_hash"] == study.content_hash:
        return False
    columns = {name: value for name, value in vars(study).items() if name != "series"}
    row = transaction.one("studies/upsert_study", **columns)
    revision = row["revision"] if row else 1
    transaction.run_many(
        "studies/insert_series",
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
                "code": series.fault.code if series.fault else None,
                "reason": series.fault.reason if series.fault else None,
                **vars(series.fineness),
            }
            for series in study.series
        ],
    )
    return True


def lock(transaction: Transaction, study_id: StudyId) -> None:
    """Let no one else change a study until the transaction ends."""
    transaction.run("studies/lock_study", study_id=study_id)


def instances(transaction: Transaction, study_id: StudyId) -> dict[str, InstanceRecord]:
    """Return the stored instances of a study by their id."""
    rows = transaction.rows("studies/select_instances", study_id=study_id)
    return {row["instance_id"]: InstanceRecord(**row) for row in rows}


def record_instances(transaction: Transaction, study_id: StudyId, records: list[InstanceRecord]) -> None:
    """Record what instances a study holds."""
    transaction.run_many("studies/upsert_instance", [vars(record) | {"study_id": study_id} for record in records])


def get(transaction: Transaction, study_id: StudyId) -> StoredStudy:
    """Return a study that is stored, as `find` does."""
    found = find(transaction, study_id)
    if found is None:
        raise LookupError(study_id)
    return found


def find(transaction: Transaction, study_id: StudyId) -> StoredStudy | None:
    """Return a study with its current series, the preferred one of each sequence first, if it is stored."""
    row = transaction.one("studies/select_study", study_id=study_id)
    if row is None:
        return None
    series = tuple(
        SeriesRecord(
            SeriesId(found["series_id"]),
            Identification(MrSequence(found["sequence"]), Confidence(found["confidence"]), found["evidence"]),
            found["object_key"],
            found["sha256"],
            found["instances"],
            Fault(Code(found["code"]), found["reason"]) if found["code"] else None,
            Fineness(found["axial"], found["voxel_mm3"]),
        )
        for found in transaction.rows("studies/select_series", study_id=study_id)
    )
    return StoredStudy(study_id, row["revision"], row["content_hash"], row["roi_key"], series)
