"""Studies, their series, and the hash of the list of their instances."""

import json
from dataclasses import dataclass, replace
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import Confidence, Contrast, MrSequence
from idh_tasks.domain.study import (
    UNKNOWN_PHYSICS,
    Fault,
    Identification,
    InstanceRecord,
    PatientKey,
    Ruled,
    SeriesId,
    SeriesPhysics,
    SeriesRecord,
    SliceGeometry,
    StudyId,
    StudyRecord,
)


@dataclass(frozen=True)
class StoredStudy:
    """A stored study with the series of its current revision."""

    study_id: StudyId
    patient_key: PatientKey
    revision: int
    content_hash: str
    roi_key: str | None
    manifest_sha256: str | None = None
    series: tuple[SeriesRecord, ...] = ()


@dataclass(frozen=True)
class _Revision:
    revision: int


@dataclass(frozen=True)
class _SeriesRow:
    series_id: SeriesId
    sequence: MrSequence
    confidence: Confidence
    evidence: str
    object_key: str
    sha256: str
    instances: int
    code: Code | None
    reason: str | None
    axial: bool
    voxel_mm3: float
    coverage_mm: float
    contrast: Contrast
    protocol: str
    physics: SeriesPhysics | None
    rule_id: int | None
    rule_replaced: MrSequence | None

    def record(self) -> SeriesRecord:
        return SeriesRecord(
            self.series_id,
            Identification(self.sequence, self.confidence, self.evidence, self.contrast, self._ruled),
            self.object_key,
            self.sha256,
            self.instances,
            Fault(self.code, self.reason or "") if self.code else None,
            SliceGeometry(self.axial, self.voxel_mm3, self.coverage_mm),
            self.protocol,
            self.physics or UNKNOWN_PHYSICS,
        )

    @property
    def _ruled(self) -> Ruled | None:
        return Ruled(self.rule_id, self.rule_replaced) if self.rule_id and self.rule_replaced else None


def save(transaction: Transaction, study: StudyRecord) -> bool:
    """Store a locked study, as a new revision if its content has changed; return whether it has."""
    known = transaction.first(StoredStudy, "studies/select_study", study_id=study.study_id)
    if known is not None and known.content_hash == study.content_hash:
        return False
    columns = {name: value for name, value in vars(study).items() if name != "series"}
    saved = transaction.first(_Revision, "studies/upsert_study", **columns)
    revision = saved.revision if saved else 1
    rows = [{"study_id": study.study_id, "revision": revision} | _columns(series) for series in study.series]
    transaction.run_many("studies/insert_series", rows)
    return True


def _columns(series: SeriesRecord) -> dict[str, Any]:
    return {
        "series_id": series.series_id,
        "sequence": series.identification.sequence.value,
        "confidence": series.identification.confidence.value,
        "evidence": series.identification.evidence,
        "contrast": series.identification.contrast.value,
        "protocol": series.protocol,
        "physics": _json(series.physics),
        **_rule(series.identification.ruled),
        "object_key": series.object_key,
        "sha256": series.sha256,
        "instances": series.instances,
        "code": series.fault.code if series.fault else None,
        "reason": series.fault.reason if series.fault else None,
        **vars(series.slice_geometry),
    }


def _json(physics: SeriesPhysics) -> str | None:
    if physics == UNKNOWN_PHYSICS:
        return None
    sets = {"permitted": sorted(physics.permitted), "may_be": sorted(physics.may_be)}
    return json.dumps({"tr": physics.tr, "te": physics.te, "ti": physics.ti} | sets)


def _rule(ruled: Ruled | None) -> dict[str, Any]:
    return {
        "rule_id": ruled.rule_id if ruled else None,
        "rule_replaced": ruled.concluded.value if ruled else None,
    }


def lock(transaction: Transaction, study_id: StudyId) -> None:
    """Keep all other transactions from changing a study until this one ends."""
    transaction.run("studies/lock_study", study_id=study_id)


def recorded_instances(transaction: Transaction, study_id: StudyId) -> dict[str, InstanceRecord]:
    """Return the instances, by their id, of a study that was stored before there were manifests, and not since."""
    records = transaction.all(InstanceRecord, "studies/select_instances", study_id=study_id)
    return {record.instance_id: record for record in records}


def record_manifest(transaction: Transaction, study_id: StudyId, sha256: str) -> None:
    """Record the hash of the manifest of a stored study, which replaces rows of its instances."""
    transaction.run("studies/update_manifest", study_id=study_id, sha256=sha256)


def get(transaction: Transaction, study_id: StudyId) -> StoredStudy:
    """Return a stored study, as `find` does.

    Raises
    ------
    LookupError
        If the study is not stored.
    """
    study = find(transaction, study_id)
    if study is None:
        raise LookupError(study_id)
    return study


def find(transaction: Transaction, study_id: StudyId) -> StoredStudy | None:
    """Return a study with its current series, if it is stored; the preferred one of each sequence comes first."""
    study = transaction.first(StoredStudy, "studies/select_study", study_id=study_id)
    if study is None:
        return None
    rows = transaction.all(_SeriesRow, "studies/select_series", study_id=study_id)
    records = (row.record() for row in rows)
    return replace(study, series=tuple(sorted(records, key=lambda record: record.preference)))
