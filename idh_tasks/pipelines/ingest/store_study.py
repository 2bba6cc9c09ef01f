"""Stores the studies of one delivery: admit, de-identify, merge with the stored study, name, publish, record."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from idh_tasks.codes import Code
from idh_tasks.db import audit, identities, quarantine, series_names, series_rules, studies
from idh_tasks.db.engine import Transaction
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.db.studies import StoredStudy
from idh_tasks.dicom.headers import Headers
from idh_tasks.domain.study import InstanceRecord, PatientKey, StudyId
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.imaging.outline.mask_process import rewrite_apart
from idh_tasks.intake.transport.spool import Spool, SpooledFile
from idh_tasks.pipelines.ingest.admission import Admission, seal_instance
from idh_tasks.pipelines.ingest.agreement import most_stated
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.identity import identify_patient
from idh_tasks.pipelines.ingest.instances import DeidentifiedInstance, ReceivedInstance, receive_instance
from idh_tasks.pipelines.ingest.kept import Known, keep_header, keep_manifest, known_instances
from idh_tasks.pipelines.ingest.merge import adds_nothing, conflicts, stored_instances, unchanged_series
from idh_tasks.pipelines.ingest.ownership import agree_on_patient, check_whole, former_owner, move_study, record_doubt
from idh_tasks.pipelines.ingest.publish import publish_originals, publish_roi, publish_series
from idh_tasks.pipelines.ingest.received_study import (
    ReceivedStudy,
    conflict_entry,
    deidentified_instances,
    group_by_study,
    outlines_alone,
    study_record,
)
from idh_tasks.pipelines.ingest.series_archive import SeriesArchive, pack_series
from idh_tasks.pipelines.ingest.study_naming import GivenNames, settle_study
from idh_tasks.pipelines.platform import Platform, code_version
from idh_tasks.store import keys
from idh_tasks.store.content import Scratch
from idh_tasks.store.objects import sha256

ALONE = "an outline of a study of which no image was delivered with it"


def store_studies(platform: Platform, fetched: FetchedFiles, item_id: str | None = None) -> dict[StudyId, bool]:
    """Store every study that the fetched files hold; return for each whether anything has changed.

    Raises
    ------
    StudyQuarantinedError
        ``E_NO_IMAGES``, ``E_MISSING_ID``, ``E_ISSUER``, ``E_ID_MISMATCH``, ``E_STUDY_DATE``,
        ``E_DEMOGRAPHIC_MISMATCH``, ``E_ID_CHANGED`` or ``E_ROI``; where a delivery holds several studies, only if none
        of them can be stored.
    """
    admission, spool = Admission(platform, item_id), Spool()
    instances = _admit(fetched, admission, spool)
    groups = list(group_by_study(instances))
    mask = _mask_of_only_study(platform, fetched, len(groups), item_id)
    changed: dict[StudyId, bool] = {}
    refused: dict[StudyId, StudyQuarantinedError] = {}
    for uid, group in groups:
        study_id = platform.pseudonymiser.study(uid)
        try:
            identity = identify_patient(platform, [instance.header for instance in group])
            received = ReceivedStudy(study_id, identity, group, mask, item_id, whole=fetched.study_uid is not None)
            changed[study_id] = _store_or_doubt(platform, received, spool)
        except StudyQuarantinedError as error:
            refused[study_id] = error
    if not changed:
        nothing = StudyQuarantinedError(Code.E_NO_IMAGES, "no readable MR image was delivered")
        raise next(iter(refused.values()), nothing)
    alone = [seal_instance(platform, file, Code.E_NO_IMAGES, ALONE, item_id) for file in outlines_alone(instances)]
    with platform.database.begin() as transaction:
        quarantine.record(transaction, [*_entries(refused, item_id), *alone])
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
    before: Known
    stored: StoredStudy | None
    spool: Spool
    former: PatientKey | None

    @property
    def known(self) -> Known:
        """Return the stored instances that stay; files that state a former patient are all made anew."""
        return {} if self.former else self.before


def _store_or_doubt(platform: Platform, received: ReceivedStudy, spool: Spool) -> bool:
    try:
        return _store(platform, received, spool)
    except StudyQuarantinedError as error:
        record_doubt(platform, received, error)
        raise


def _store(platform: Platform, received: ReceivedStudy, spool: Spool) -> bool:
    instances, duplicates = deidentified_instances(platform, received, spool)
    roi = rewrite_apart(received.roi.read()) if received.roi else None
    with platform.database.begin() as transaction:
        studies.lock(transaction, received.study_id)
        stored = studies.find(transaction, received.study_id)
        known = known_instances(platform, transaction, stored)
        former = former_owner(stored, received)
        if former:
            check_whole(received, known, instances)
        agree_on_patient(platform, transaction, received, stored)
        conflicting = set() if former else conflicts(instances, known, _profile())
        accepted = {name: instance for name, instance in instances.items() if name not in conflicting}
        changed = _apply(platform, transaction, _Update(received, accepted, roi, known, stored, spool, former))
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
        _renew_profiles(platform, transaction, update)
        return False
    return True


def _is_unchanged(platform: Platform, update: _Update) -> bool:
    if update.stored is None or update.former or not adds_nothing(update.accepted, update.known):
        return False
    return update.roi is None or _is_stored_roi(platform, update.stored.roi_key, update.roi)


def _is_stored_roi(platform: Platform, key: str | None, roi: bytes) -> bool:
    return key is not None and sha256(platform.store.get(key)) == sha256(roi)


def _renew_profiles(platform: Platform, transaction: Transaction, update: _Update) -> None:
    """Record that this version of the code made the same bytes: later deliveries are compared with them."""
    made = {
        name: InstanceRecord(name, update.known[name].series_id, instance.sha256, _profile())
        for name, instance in update.accepted.items()
        if name in update.known
    }
    renewed = dict(update.known) | made
    if renewed != update.known:
        keep_manifest(platform, transaction, update.received.study_id, renewed)


def _save(platform: Platform, transaction: Transaction, update: _Update) -> bool:
    """Publish and record the merged study; return whether its content has changed."""
    received, stored, roi = update.received, update.stored, update.roi
    kept = stored if not update.former else None
    merged = _merged(platform, update, kept)
    archives, untouched = pack_series(platform, merged, Scratch())
    unchanged = unchanged_series(kept, update.known, untouched) if kept else []
    given = GivenNames(series_names.reviewed(transaction, received.study_id), series_rules.every(transaction))
    archives, unchanged = settle_study(archives, unchanged, update.known, merged, given)
    hashes = sorted([*(archive.sha256 for archive in archives), *(series.sha256 for series in unchanged)])
    study = study_record(platform, received, keys.digest(*hashes, sha256(roi) if roi else ""))
    series = (*unchanged, *(publish_series(platform, study, archive) for archive in archives))
    stored_roi = stored.roi_key if stored else None
    roi_key = publish_roi(platform, study, roi) if roi else stored_roi
    changed = studies.save(transaction, replace(study, series=series, roi_key=roi_key))
    if changed:
        keep_header(transaction, received.study_id, series, archives)
        _record_rules(transaction, received.study_id, archives)
    accession = most_stated(received.images, "AccessionNumber")
    identities.register_study(transaction, received.study_id, received.uid, accession)
    keep_manifest(platform, transaction, received.study_id, dict(update.known) | _packed(archives, update.known))
    if update.former:
        move_study(transaction, received, study, update.former, len(update.before.keys() - merged.keys()))
    publish_originals(platform, received, study)
    return changed


def _record_rules(transaction: Transaction, study_id: StudyId, archives: list[SeriesArchive]) -> None:
    """Record which rules have named series of the delivery."""
    by_rule: dict[int, list[str]] = defaultdict(list)
    for archive in archives:
        if ruled := archive.named.identification.ruled:
            by_rule[ruled.rule_id].append(archive.series_id)
    for rule_id, named in sorted(by_rule.items()):
        audit.record(transaction, "ingest", "named by rule", study_id, rule=rule_id, series=sorted(named))


def _merged(platform: Platform, update: _Update, kept: StoredStudy | None) -> dict[str, DeidentifiedInstance]:
    """Return the instances of the study; of copies, the delivered one."""
    touched = {instance.series_uid for instance in update.accepted.values()}
    stored = stored_instances(platform, kept, touched, update.spool) if kept else ()
    return {instance.instance_id: instance for instance in stored} | dict(update.accepted)


def _packed(archives: list[SeriesArchive], known: Known) -> dict[str, InstanceRecord]:
    """Return the instances of the archives; one that was not delivered was made by the code that is on record."""
    return {
        name: InstanceRecord(
            name, archive.series_id, instance.sha256, _profile() if instance.new else known[name].profile
        )
        for archive in archives
        for name, instance in archive.instances.items()
    }
