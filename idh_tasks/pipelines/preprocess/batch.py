"""Preprocess: one study becomes one patch a sequence, or a reason why not."""

import logging
from collections import Counter

from idh_tasks.codes import Code
from idh_tasks.db import patches, studies
from idh_tasks.db.patches import PatchRecord
from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence, Provenance
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import IdhError, StudyQuarantinedError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.preprocess.isolation import Isolation
from idh_tasks.pipelines.preprocess.series_images import StoreShelf
from idh_tasks.pipelines.preprocess.study_images import CutPatch, Proposal, StudyImages, cut_all, sheet_of
from idh_tasks.reporting.outline_figure import outline_picture
from idh_tasks.settings import Settings
from idh_tasks.store import keys
from idh_tasks.store.arrays import array_bytes

log = logging.getLogger(__name__)


def due(platform: Platform) -> list[Batch]:
    """Return the studies that have no patches of the current code and settings, in batches."""
    with platform.database.begin() as transaction:
        return cut(patches.due_studies(transaction, preprocessing_version(platform)))


def preprocess_batch(platform: Platform, study_ids: list[str]) -> dict[str, int]:
    """Preprocess each study of a batch; a bad series or study is recorded, the others go on."""
    outcomes: Counter[str] = Counter()
    with Isolation() as child:
        for study_id in study_ids:
            try:
                counts = child.call(_in_child, platform.settings, study_id)
            except StudyQuarantinedError as error:
                counts = _refused(platform, StudyId(study_id), error)
            log.info("study %s: %s", study_id, dict(counts))
            outcomes.update(counts)
    log.info("batch done: %s", dict(outcomes))
    return dict(outcomes)


def _in_child(settings: Settings, study_id: str) -> Counter[str]:
    return preprocess_study(Platform(settings), StudyId(study_id))


def _refused(platform: Platform, study_id: StudyId, error: IdhError) -> Counter[str]:
    """Record for every sequence of a study why it has no patch."""
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        study = studies.get(transaction, study_id)
        records = [_without_patch(study, sequence, version, error) for sequence in MODEL_SEQUENCES]
        patches.save(transaction, records)
    return Counter(record.code or "" for record in records)


def preprocess_study(platform: Platform, study_id: StudyId) -> Counter[str]:
    """Cut the patches of one study, publish them, and record an outcome for each sequence."""
    with platform.database.begin() as transaction:
        study = studies.get(transaction, study_id)
        accepted = transaction.one("reviews/select_accepted_outline", study_id=study_id)
    version = preprocessing_version(platform)
    shelf, outline = StoreShelf(platform, study), accepted["sha256"] if accepted else None
    images = StudyImages(shelf, platform.settings.imaging, outline)
    found, refused = cut_all(images)
    records = [_publish(platform, study, sequence, version, one) for sequence, one in found.items()]
    records += [_without_patch(study, sequence, version, error) for sequence, error in refused.items()]
    question = _outline_question(platform, study, images.proposal) if _proposed(records) else None
    sheet = _published_sheet(platform, study, version, sheet_of(images, found)) if found else None
    with platform.database.begin() as transaction:
        patches.save(transaction, records)
        if question is not None:
            transaction.run("reviews/insert_outline_review", **question)
        if sheet is not None:
            transaction.run("patches/upsert_qc_sheet", **sheet)
    return Counter(record.code or "patches" for record in records)


def _published_sheet(platform: Platform, study: StoredStudy, version: str, picture: bytes) -> dict[str, object]:
    key = keys.qc_sheet(study.study_id, f"{study.content_hash}-{version}")
    platform.store.put(key, picture)
    return {"study_id": study.study_id, "revision": study.revision, "settings_hash": version, "object_key": key}


def _proposed(records: list[PatchRecord]) -> bool:
    return any(record.code == Code.W_ROI_PROPOSED for record in records)


def _outline_question(platform: Platform, study: StoredStudy, proposal: Proposal) -> dict[str, object]:
    """Publish the picture of a proposed outline; return what a person is asked."""
    key = keys.outline(study.study_id, proposal.sha256)
    platform.store.put(key, outline_picture(proposal.mask, proposal.shown_on))
    return {
        "study_id": study.study_id,
        "sha256": proposal.sha256,
        "volume_ml": proposal.volume_ml,
        "object_key": key,
    }


def _patch_id(study: StoredStudy, sequence: MrSequence, version: str) -> str:
    return keys.digest(study.study_id, study.content_hash, sequence, version)


def _without_patch(study: StoredStudy, sequence: MrSequence, version: str, error: IdhError) -> PatchRecord:
    patch_id = _patch_id(study, sequence, version)
    return PatchRecord(
        patch_id, study.study_id, study.revision, sequence, version, code=error.code, reason=error.reason
    )


def _publish(
    platform: Platform, study: StoredStudy, sequence: MrSequence, version: str, cut_patch: CutPatch
) -> PatchRecord:
    patch_id = _patch_id(study, sequence, version)
    key = keys.patch(study.study_id, patch_id, sequence)
    sha256 = platform.store.put(key, array_bytes(cut_patch.patch))
    box = cut_patch.rectangle
    return PatchRecord(
        patch_id=patch_id,
        study_id=study.study_id,
        revision=study.revision,
        sequence=sequence,
        settings_hash=version,
        provenance=Provenance(cut_patch.provenance),
        object_key=key,
        sha256=sha256,
        overlap=cut_patch.overlap,
        slice_index=box.slice_index,
        rectangle=(box.top, box.bottom, box.left, box.right),
        roi_mean=cut_patch.roi_mean,
        quality=cut_patch.quality,
        origin=cut_patch.origin,
    )


def preprocess(platform: Platform) -> dict[str, int]:
    """Preprocess everything that is due, without Airflow; return how many outcomes there were of each kind."""
    outcomes: Counter[str] = Counter()
    for batch in due(platform):
        outcomes.update(preprocess_batch(platform, batch["ids"]))
    return dict(outcomes)
