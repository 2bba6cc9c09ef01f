"""One delivery becomes stored studies: gate, pseudonymise, merge with what is known, name, publish, record."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO

from pydicom import Dataset
from pydicom.filewriter import dcmwrite

from idh_tasks.codes import Code
from idh_tasks.db import identities, quarantine, studies
from idh_tasks.db.engine import Transaction
from idh_tasks.db.identities import Identity
from idh_tasks.db.quarantine import HeldBack
from idh_tasks.dicom.dates import day_of
from idh_tasks.dicom.files import encoded
from idh_tasks.domain.study import InstanceRecord, PatientKey, SeriesRecord, StudyId, StudyRecord
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.roi import rewrite_nifti
from idh_tasks.intake.deidentification.deidentify import deidentify
from idh_tasks.intake.naming.series import OUTLINES
from idh_tasks.intake.transport.archive import pack
from idh_tasks.pipelines.ingest.admission import Gate, keep
from idh_tasks.pipelines.ingest.merge import (
    Clean,
    Packed,
    adds_nothing,
    carried_over,
    conflicts,
    pack_series,
    stored_instances,
)
from idh_tasks.pipelines.ingest.sources import Fetched
from idh_tasks.pipelines.platform import Platform, code_version
from idh_tasks.store import keys
from idh_tasks.store.objects import sha256

DAYS_PER_YEAR = 365.25
ROI_SUFFIX = (".nii.gz", ".nii")


@dataclass(frozen=True)
class Delivered:
    """An instance as it came, and as it is stored if its header says whose it is."""

    header: Dataset
    patient: PatientKey | None
    clean: Clean | None


@dataclass(frozen=True)
class Arrived:
    """The instances of one study of a delivery."""

    study_id: StudyId
    identity: Identity
    instances: tuple[Delivered, ...]
    roi: bytes | None
    item_id: str | None

    @property
    def first(self) -> Dataset:
        """Return an image of the study."""
        return next(d.header for d in self.instances if d.header.SOPClassUID not in OUTLINES)


def store_studies(platform: Platform, fetched: Fetched, item_id: str | None = None) -> dict[StudyId, bool]:
    """Store every study that the fetched files hold; tell for each whether anything changed.

    Raises
    ------
    StudyQuarantinedError
        ``E_NO_IMAGES``, ``E_MISSING_ID``, ``E_ISSUER``, ``E_ID_MISMATCH``, ``E_STUDY_DATE``,
        ``E_DEMOGRAPHIC_MISMATCH`` or ``E_ROI``: where a delivery holds several studies, only if none of them can be
        stored.
    """
    roi = next((content for name, content in fetched.files.items() if name.endswith(ROI_SUFFIX)), None)
    gate = Gate(platform, item_id)
    images = (content for name, content in fetched.files.items() if not name.endswith(ROI_SUFFIX))
    delivered = [_delivered(platform, header) for header in gate.passing(images)]
    with platform.database.begin() as transaction:
        quarantine.hold_back(transaction, gate.rows(item_id or "desk"))
    _check_asked_for([d.header for d in delivered], fetched)
    changed: dict[StudyId, bool] = {}
    refused: dict[StudyId, StudyQuarantinedError] = {}
    for uid, instances in _by_study(delivered):
        study_id = platform.pseudonymiser.study(uid)
        try:
            identity = _identity(platform, [d.header for d in instances])
            changed[study_id] = _store(platform, Arrived(study_id, identity, instances, roi, item_id))
        except StudyQuarantinedError as error:
            refused[study_id] = error
    if not changed:
        raise next(
            iter(refused.values()), StudyQuarantinedError(Code.E_NO_IMAGES, "no readable MR image was delivered")
        )
    held = [HeldBack(study, "study", error.code, error.reason, item_id) for study, error in refused.items()]
    with platform.database.begin() as transaction:
        quarantine.hold_back(transaction, held)
    return changed


def _delivered(platform: Platform, header: Dataset) -> Delivered:
    """De-identify an instance by itself: the study's other instances may yet say that it is somebody else's."""
    issuer, identifier = _whose(platform, header)
    if not (issuer and identifier):
        return Delivered(header, None, None)
    patient = platform.pseudonymiser.patient(issuer, identifier)
    return Delivered(header, patient, _clean(platform, header, patient))


def _clean(platform: Platform, header: Dataset, patient: PatientKey) -> Clean:
    ds = deidentify(header, patient, platform.pseudonymiser)
    return Clean(header, str(ds.SOPInstanceUID), str(ds.SeriesInstanceUID), encoded(ds), new=True)


def _whose(platform: Platform, header: Dataset) -> tuple[str, str]:
    """Return issuer and identifier; either may be empty."""
    identifier = str(header.get("PatientID") or "").strip()
    return str(header.get("IssuerOfPatientID") or platform.settings.issuer).strip(), identifier


def _check_asked_for(instances: list[Dataset], fetched: Fetched) -> None:
    """Refuse what is not the study of the patient that the source was asked for."""
    studies_found = {str(ds.StudyInstanceUID) for ds in instances}
    patients = {str(ds.get("PatientID") or "").strip() for ds in instances}
    if fetched.study_uid and studies_found - {fetched.study_uid}:
        raise StudyQuarantinedError(Code.E_ID_MISMATCH, "instances of another study than the one asked for arrived")
    if fetched.patients and patients - fetched.patients:
        raise StudyQuarantinedError(
            Code.E_ID_MISMATCH, "the source lists the study under another patient than its headers"
        )


def _by_study(delivered: list[Delivered]) -> Iterator[tuple[str, tuple[Delivered, ...]]]:
    """Yield the UID and the instances of each study that holds an image."""
    groups: dict[str, list[Delivered]] = defaultdict(list)
    for one in delivered:
        groups[str(one.header.StudyInstanceUID)].append(one)
    for uid, instances in sorted(groups.items()):
        if any(one.header.SOPClassUID not in OUTLINES for one in instances):
            yield uid, tuple(instances)


def _identity(platform: Platform, headers: list[Dataset]) -> Identity:
    if len({_whose(platform, header)[1] for header in headers}) > 1:
        raise StudyQuarantinedError(Code.E_ID_MISMATCH, "the instances of one study name several patients")
    ds = headers[0]
    issuer, identifier = _whose(platform, ds)
    if not identifier:
        raise StudyQuarantinedError(Code.E_MISSING_ID, "the header names no patient")
    if not issuer:
        raise StudyQuarantinedError(Code.E_ISSUER, "neither header nor settings say whose identifier it is")
    patient = platform.pseudonymiser.patient(issuer, identifier)
    sex = str(ds.get("PatientSex") or "")
    return Identity(
        patient_key=patient,
        issuer=issuer,
        identifier=identifier,
        name=str(ds.get("PatientName") or "") or None,
        birth_date=day_of(ds.get("PatientBirthDate")),
        sex=sex if sex in ("F", "M", "O") else None,
        shift_days=platform.pseudonymiser.shift_days(patient),
    )


def _store(platform: Platform, arrived: Arrived) -> bool:
    fresh, doubles = _cleaned(platform, arrived)
    roi = rewrite_nifti(arrived.roi) if arrived.roi else None
    profile = code_version("intake", "dicom")
    with platform.database.begin() as transaction:
        studies.lock(transaction, arrived.study_id)
        known = studies.instances(transaction, arrived.study_id)
        conflicting = conflicts(fresh, known, profile)
        taken = {name: clean for name, clean in fresh.items() if name not in conflicting}
        changed = _merge(platform, transaction, arrived, taken, roi, known)
        if not changed:
            # The bytes are the same, so hashes made by this version of the code compare from now on.
            records = [InstanceRecord(n, known[n].series_id, c.sha256, profile) for n, c in taken.items() if n in known]
            studies.record_instances(transaction, arrived.study_id, records)
        held = [_conflict(platform, arrived, fresh[name].header) for name in sorted(conflicting)]
        quarantine.hold_back(transaction, [*held, *doubles], arrived.study_id if known or changed else None)
    return changed


def _cleaned(platform: Platform, arrived: Arrived) -> tuple[dict[str, Clean], list[HeldBack]]:
    """Return the instances as they are stored; one that came twice with different bytes is held."""
    found: dict[str, Clean] = {}
    doubles = []
    for one in arrived.instances:
        clean = one.clean
        if clean is None or one.patient != arrived.identity.patient_key:
            clean = _clean(platform, one.header, arrived.identity.patient_key)
        known = found.setdefault(clean.name, clean)
        if known.content != clean.content:
            doubles.append(_conflict(platform, arrived, one.header))
    return found, doubles


def _conflict(platform: Platform, arrived: Arrived, header: Dataset) -> HeldBack:
    content = _as_file(header)
    reason = f"known with other bytes; this copy, {sha256(content)[:12]}, is held, the first one stays"
    return keep(platform, content, Code.E_SOP_CONFLICT, reason, arrived.item_id)


def _as_file(header: Dataset) -> bytes:
    """Return an instance as the file that was delivered: it names the patient."""
    buffer = BytesIO()
    dcmwrite(buffer, header)
    return buffer.getvalue()


def _merge(
    platform: Platform,
    transaction: Transaction,
    arrived: Arrived,
    taken: dict[str, Clean],
    roi: bytes | None,
    known: dict[str, InstanceRecord],
) -> bool:
    """Publish and record a locked study with what is new in it; tell whether anything is."""
    before = studies.find(transaction, arrived.study_id)
    roi_hash = sha256(roi) if roi else None
    if before and adds_nothing(taken, known) and (roi_hash is None or _same_roi(platform, before.roi_key, roi_hash)):
        return False
    merged = (stored_instances(platform, before) if before else {}) | taken
    packed, untouched = pack_series(platform, merged)
    kept = carried_over(before, known, untouched) if before else []
    hashes = sorted([*(p.sha256 for p in packed), *(series.sha256 for series in kept)])
    study = _record(platform, arrived, keys.digest(*hashes, roi_hash or ""))
    series = (*kept, *(_publish(platform, study, p) for p in packed))
    roi_key = _publish_roi(platform, study, roi) if roi else (before.roi_key if before else None)
    identities.register_patient(transaction, arrived.identity)
    changed = studies.save(transaction, replace(study, series=series, roi_key=roi_key))
    accession = str(arrived.first.get("AccessionNumber") or "")
    identities.register_study(transaction, arrived.study_id, str(arrived.first.StudyInstanceUID), accession)
    studies.record_instances(transaction, arrived.study_id, _instance_records(packed))
    _keep_originals(platform, arrived, study)
    return changed


def _same_roi(platform: Platform, key: str | None, roi_hash: str) -> bool:
    return key is not None and sha256(platform.store.get(key)) == roi_hash


def _record(platform: Platform, arrived: Arrived, content_hash: str) -> StudyRecord:
    ds, patient = arrived.first, arrived.identity.patient_key
    day, born = day_of(ds.get("StudyDate")), arrived.identity.birth_date
    if day is None:
        raise StudyQuarantinedError(Code.E_STUDY_DATE, "the header has no valid study date")
    return StudyRecord(
        study_id=arrived.study_id,
        patient_key=patient,
        content_hash=content_hash,
        study_date=platform.pseudonymiser.shifted(patient, day),
        age_years=round((day - born).days / DAYS_PER_YEAR, 1) if born and born <= day else None,
        manufacturer=str(ds.get("Manufacturer") or "unknown"),
        series=(),
        roi_key=None,
    )


def _publish(platform: Platform, study: StudyRecord, packed: Packed) -> SeriesRecord:
    key = keys.series(study.study_id, study.content_hash, packed.series_id)
    named = packed.named
    platform.store.put(key, packed.content)
    return SeriesRecord(
        packed.series_id, named.identification, key, packed.sha256, len(packed.files), named.fault, named.fineness
    )


def _publish_roi(platform: Platform, study: StudyRecord, roi: bytes) -> str:
    key = keys.roi(study.study_id, study.content_hash)
    platform.store.put(key, roi)
    return key


def _instance_records(packed: list[Packed]) -> list[InstanceRecord]:
    profile = code_version("intake", "dicom")
    return [
        InstanceRecord(name, series.series_id, sha256(content), profile)
        for series in packed
        for name, content in series.files.items()
    ]


def _keep_originals(platform: Platform, arrived: Arrived, study: StudyRecord) -> None:
    """Keep the delivered files, sealed, where a hospital wants it (PS3.15 E.3, originals are not for the store)."""
    if not platform.settings.keep_originals:
        return
    files = {f"{number:06d}.dcm": _as_file(one.header) for number, one in enumerate(arrived.instances)}
    key = keys.original(study.study_id, study.content_hash)
    platform.store.put(key, platform.vault.seal(pack(files)))
