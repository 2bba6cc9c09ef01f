"""One delivery becomes one stored study: gate, pseudonymise, name, publish, record."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from pydicom import Dataset
from pydicom.uid import SegmentationStorage

from idh_tasks.db import identities, studies
from idh_tasks.db.identities import Identity
from idh_tasks.db.studies import HeldBack
from idh_tasks.domain.study import (
    SEGMENTATION,
    Identification,
    PatientKey,
    SeriesId,
    SeriesRecord,
    StudyId,
    StudyRecord,
)
from idh_tasks.errors import InstanceRejectedError, StudyQuarantinedError
from idh_tasks.imaging.roi import rewrite_nifti
from idh_tasks.intake.archive import pack
from idh_tasks.intake.deidentify import deidentify, encoded
from idh_tasks.intake.gate import read_instance
from idh_tasks.intake.sequence import identify, read_physics
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256

ROI_SUFFIX = (".nii.gz", ".nii")


@dataclass
class Gated:
    """What passed the gate and what did not."""

    instances: list[Dataset] = field(default_factory=list)
    held: list[HeldBack] = field(default_factory=list)
    roi: bytes | None = None


def store_study(platform: Platform, files: dict[str, bytes]) -> tuple[StudyId, bool]:
    """Store the study that the files hold; tell its id and whether anything changed.

    Raises
    ------
    StudyQuarantinedError
        ``E_NO_IMAGES``, ``E_SEVERAL_STUDIES``, ``E_MISSING_ID``, ``E_DEMOGRAPHIC_MISMATCH``, ``E_ROI``.
    """
    gated = _gate(platform, files)
    first = _one_study(gated.instances)
    identity = _identity(platform, first)
    study_id = platform.pseudonymiser.study(str(first.StudyInstanceUID))
    packed = _pack_series(platform, identity.patient_key, gated.instances)
    roi = rewrite_nifti(gated.roi) if gated.roi else None
    content_hash = keys.digest(*sorted(sha256(p.content) for p in packed), sha256(roi or b""))
    record = _record(platform, first, identity.patient_key, study_id, content_hash)
    roi_key = _publish(platform, record, packed, roi)
    series = tuple(_series_record(record, p) for p in packed)
    complete = StudyRecord(**{**vars(record), "series": series, "roi_key": roi_key})
    with platform.database.begin() as transaction:
        identities.register_patient(transaction, identity)
        changed = studies.save(transaction, complete)
        accession = str(first.get("AccessionNumber") or "")
        identities.register_study(transaction, study_id, str(first.StudyInstanceUID), accession)
        studies.hold_back(transaction, gated.held, study_id)
    return study_id, changed


def _gate(platform: Platform, files: dict[str, bytes]) -> Gated:
    gated = Gated()
    for content_name, content in files.items():
        if content_name.endswith(ROI_SUFFIX):
            gated.roi = content
            continue
        try:
            gated.instances.append(read_instance(content))
        except InstanceRejectedError as error:
            subject = platform.pseudonymiser.token("instance", sha256(content))
            gated.held.append(HeldBack(subject, "instance", error.code, error.reason))
    return gated


def _one_study(instances: list[Dataset]) -> Dataset:
    images = [ds for ds in instances if ds.SOPClassUID != SegmentationStorage]
    if not images:
        raise StudyQuarantinedError("E_NO_IMAGES", "the delivery holds no readable MR image")
    if len({ds.StudyInstanceUID for ds in instances}) > 1:
        raise StudyQuarantinedError("E_SEVERAL_STUDIES", "a delivery must hold one study")
    return images[0]


def _day(text: object) -> date | None:
    try:
        return datetime.strptime(str(text), "%Y%m%d").date()  # noqa: DTZ007 - DICOM dates have no zone
    except ValueError:
        return None


def _identity(platform: Platform, ds: Dataset) -> Identity:
    identifier = str(ds.get("PatientID") or "").strip()
    if not identifier:
        raise StudyQuarantinedError("E_MISSING_ID", "the header names no patient")
    issuer = str(ds.get("IssuerOfPatientID") or platform.settings.issuer)
    sex = str(ds.get("PatientSex") or "")
    return Identity(
        patient_key=platform.pseudonymiser.patient(issuer, identifier),
        issuer=issuer,
        identifier=identifier,
        name=str(ds.get("PatientName") or "") or None,
        birth_date=_day(ds.get("PatientBirthDate")),
        sex=sex if sex in ("F", "M", "O") else None,
    )


@dataclass(frozen=True)
class PackedSeries:
    """The de-identified instances of one series as one archive."""

    series_id: SeriesId
    identification: Identification
    content: bytes
    instances: int


def _pack_series(platform: Platform, patient: PatientKey, instances: list[Dataset]) -> list[PackedSeries]:
    by_series: dict[str, list[Dataset]] = defaultdict(list)
    for ds in instances:
        by_series[str(ds.SeriesInstanceUID)].append(ds)
    packed = []
    for uid, found in sorted(by_series.items()):
        clean = [deidentify(ds, patient, platform.pseudonymiser) for ds in found]
        content = pack({f"{ds.SOPInstanceUID}.dcm": encoded(ds) for ds in clean})
        segmentation = found[0].SOPClassUID == SegmentationStorage
        named = SEGMENTATION if segmentation else identify(read_physics(found))
        packed.append(PackedSeries(platform.pseudonymiser.series(uid), named, content, len(found)))
    return packed


def _record(platform: Platform, ds: Dataset, patient: PatientKey, study_id: StudyId, content_hash: str) -> StudyRecord:
    day = _day(ds.get("StudyDate"))
    if day is None:
        raise StudyQuarantinedError("E_STUDY_DATE", "the header has no valid study date")
    born = _day(ds.get("PatientBirthDate"))
    age = round((day - born).days / 365.25, 1) if born and born <= day else None
    return StudyRecord(
        study_id=study_id,
        patient_key=patient,
        content_hash=content_hash,
        study_date=platform.pseudonymiser.shifted(patient, day),
        age_years=age,
        manufacturer=str(ds.get("Manufacturer") or "unknown"),
        series=(),
        roi_key=None,
    )


def _publish(platform: Platform, study: StudyRecord, packed: list[PackedSeries], roi: bytes | None) -> str | None:
    for series in packed:
        key = keys.series(study.study_id, study.content_hash, series.series_id)
        platform.store.put(key, series.content)
    if roi is None:
        return None
    key = keys.roi(study.study_id, study.content_hash)
    platform.store.put(key, roi)
    return key


def _series_record(study: StudyRecord, packed: PackedSeries) -> SeriesRecord:
    key = keys.series(study.study_id, study.content_hash, packed.series_id)
    return SeriesRecord(packed.series_id, packed.identification, key, sha256(packed.content), packed.instances)
