"""Stores the studies of one delivery: admit, de-identify, merge with the stored study, name, publish, record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idh_tasks.codes import Code
from idh_tasks.db import identities, quarantine, series_names, studies
from idh_tasks.db.engine import Transaction
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.db.studies import StoredStudy
from idh_tasks.dicom.headers import Headers
from idh_tasks.domain.study import InstanceRecord, StudyId
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.mask_process import rewrite_apart
from idh_tasks.intake.transport.spool import Spool, SpooledFile
from idh_tasks.pipelines.ingest.admission import Admission, seal_instance
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.identity import identify_patient
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance, ReceivedInstance, receive_instance
from idh_tasks.pipelines.ingest.merge import adds_nothing, conflicts, stored_instances, unchanged_series
from idh_tasks.pipelines.ingest.publish import publish_originals, publish_roi, publish_series
from idh_tasks.pipelines.ingest.received_study import (
    ReceivedStudy,
    conflict_entry,
    deidentified_instances,
    group_by_study,
    study_record,
)
from idh_tasks.pipelines.ingest.series_archive import SeriesArchive, pack_series
from idh_tasks.pipelines.ingest.study_naming import settle_study
from idh_tasks.pipelines.platform import Platform, code_version
from idh_tasks.store import keys
from idh_tasks.store.content import Scratch
from idh_tasks.store.objects import sha256


def store_studies(platform: Platform, fetched: FetchedFiles, item_id: str | None = None) -> dict[StudyId, bool]:
    """Store every study that the fetched files hold; return for each whether anything has changed.

    Raises
    ------
    StudyQuarantinedError
        ``E_NO_IMAGES``, ``E_MISSING_ID``, ``E_ISSUER``, ``E_ID_MISMATCH``, ``E_STUDY_DATE``,
        ``E_DEMOGRAPHIC_MISMATCH`` or ``E_ROI``; where a delivery holds several studies, only if none of them can be
        stored.
    """
    admission, spool = Admission(platform, item_id), Spool()
    groups = list(group_by_study(_admit(fetched, admission, spool)))
    mask = _mask_of_only_study(platform, fetched, len(groups), item_id)
    changed: dict[StudyId, bool] = {}
    refused: dict[StudyId, StudyQuarantinedError] = {}
    for uid, group in groups:
        study_id = platform.pseudonymiser.study(uid)
        try:
            identity = identify_patient(platform, [instance.header for instance in group])
            changed[study_id] = _store(platform, ReceivedStudy(study_id, identity, group, mask, item_id), spool)
        except StudyQuarantinedError as error:
            refused[study_id] = error
    if not changed:
        nothing = StudyQuarantinedError(Code.E_NO_IMAGES, "no readable MR image was delivered")
        raise next(iter(refused.values()), nothing)
    with platform.database.begin() as transaction:
        quarantine.record(transaction, _entries(refused, item_id))
        if len(groups) == 1:  # else it is not known of which study a rejected instance is
            quarantine.tie_to_study(transaction, admission.quarantined, next(iter(changed)))
    return changed


def _mask_of_only_study(
    platform: Platform, fetched: FetchedFiles, studies_delivered: int, item_id: str | None
) -> SpooledFile | None:
    """Return the delivered mask if it can only belong to the one study; otherwise it is quarantined."""
    masks = fetched.masks
    if len(masks) <= 1 and studies_delivered <= 1:
        return next(iter(masks), None)
    reason = (
        f"{len(masks)} masks came with {studies_delivered} studies; deliver each study by itself, with its own mask"
    )
    held = [seal_instance(platform, mask, Code.E_ROI, reason, item_id) for mask in masks]
    with platform.database.begin() as transaction:
        quarantine.record(transaction, held)
    return None


def _admit(fetched: FetchedFiles, admission: Admission, spool: Spool) -> list[ReceivedInstance]:
    platform = admission.platform
    admission.note_clutter(fetched.unused)
    admitted = admission.admitted(fetched.instances)
    headers = Headers()
    instances = [receive_instance(platform, ds, file, spool, headers) for ds, file in admitted]
    with platform.database.begin() as transaction:
        quarantine.record(transaction, admission.entries(admission.item_id or "desk"))
    fetched.check_requested(instance.header for instance in instances)
    return instances


def _entries(refused: Mapping[StudyId, StudyQuarantinedError], item_id: str | None) -> list[QuarantineEntry]:
    return [QuarantineEntry(study, "study", error.code, error.reason, item_id) for study, error in refused.items()]


@dataclass(frozen=True)
class _Update:
    """The instances that a delivery may add to a locked study, and what is stored of that study."""

    received: ReceivedStudy
    accepted: Mapping[str, DeidentifiedInstance]
    roi: bytes | None
    known: Mapping[str, InstanceRecord]
    stored: StoredStudy | None
    spool: Spool


def _store(platform: Platform, received: ReceivedStudy, spool: Spool) -> bool:
    instances, duplicates = deidentified_instances(platform, received, spool)
    roi = rewrite_apart(received.roi.read()) if received.roi else None
    with platform.database.begin() as transaction:
        studies.lock(transaction, received.study_id)
        known = studies.instances(transaction, received.study_id)
        conflicting = conflicts(instances, known, _profile())
        accepted = {name: instance for name, instance in instances.items() if name not in conflicting}
        stored = studies.find(transaction, received.study_id)
        changed = _apply(platform, transaction, _Update(received, accepted, roi, known, stored, spool))
        copies = [copy for name in sorted(conflicting) if (copy := instances[name].received)]
        entries = [conflict_entry(platform, received, copy) for copy in copies]
        study_id = received.study_id if known or changed else None
        quarantine.record(transaction, [*entries, *duplicates], study_id)
    return changed


def _profile() -> str:
    return code_version("intake", "dicom")


def _apply(platform: Platform, transaction: Transaction, update: _Update) -> bool:
    """Store what is new; return whether anything is."""
    if _is_unchanged(platform, update) or not _save(platform, transaction, update):
        _renew_profiles(transaction, update)
        return False
    return True


def _is_unchanged(platform: Platform, update: _Update) -> bool:
    if update.stored is None or not adds_nothing(update.accepted, update.known):
        return False
    return update.roi is None or _is_stored_roi(platform, update.stored.roi_key, update.roi)


def _is_stored_roi(platform: Platform, key: str | None, roi: bytes) -> bool:
    return key is not None and sha256(platform.store.get(key)) == sha256(roi)


def _renew_profiles(transaction: Transaction, update: _Update) -> None:
    """Record that this version of the code made the same bytes: later deliveries are compared with them."""
    records = [
        InstanceRecord(name, update.known[name].series_id, instance.sha256, _profile())
        for name, instance in update.accepted.items()
        if name in update.known
    ]
    studies.record_instances(transaction, update.received.study_id, records)


def _save(platform: Platform, transaction: Transaction, update: _Update) -> bool:
    """Publish and record the merged study; return whether its content has changed."""
    received, stored, roi = update.received, update.stored, update.roi
    merged = _merged(platform, update)
    archives, untouched = pack_series(platform, merged, Scratch())
    unchanged = unchanged_series(stored, update.known, untouched) if stored else []
    reviewed = series_names.reviewed(transaction, received.study_id)
    archives, unchanged = settle_study(archives, unchanged, update.known, merged, reviewed)
    hashes = sorted([*(archive.sha256 for archive in archives), *(series.sha256 for series in unchanged)])
    study = study_record(platform, received, keys.digest(*hashes, sha256(roi) if roi else ""))
    series = (*unchanged, *(publish_series(platform, study, archive) for archive in archives))
    stored_roi = stored.roi_key if stored else None
    roi_key = publish_roi(platform, study, roi) if roi else stored_roi
    identities.register_patient(transaction, received.identity)
    changed = studies.save(transaction, replace(study, series=series, roi_key=roi_key))
    accession = str(received.first_image.get("AccessionNumber") or "")
    uid = str(received.first_image.StudyInstanceUID)
    identities.register_study(transaction, received.study_id, uid, accession)
    studies.record_instances(transaction, received.study_id, _instance_records(archives))
    publish_originals(platform, received, study)
    return changed


def _merged(platform: Platform, update: _Update) -> dict[str, DeidentifiedInstance]:
    """Return the instances of the study; of copies, the delivered one."""
    touched = {instance.series_uid for instance in update.accepted.values()}
    stored = stored_instances(platform, update.stored, touched, update.spool) if update.stored else ()
    return {instance.instance_id: instance for instance in stored} | dict(update.accepted)


def _instance_records(archives: list[SeriesArchive]) -> list[InstanceRecord]:
    return [
        InstanceRecord(name, archive.series_id, instance.sha256, _profile())
        for archive in archives
        for name, instance in archive.instances.items()
    ]
