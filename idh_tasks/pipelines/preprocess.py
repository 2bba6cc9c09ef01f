"""Preprocess: one study becomes one patch a sequence, or a reason why not."""

import logging
from collections import Counter
from io import BytesIO

import numpy as np

from idh_tasks.db import patches, studies
from idh_tasks.db.patches import PatchRecord
from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.batches import Batch, cut
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence, Provenance
from idh_tasks.domain.study import StudyId
from idh_tasks.domain.volume import Float
from idh_tasks.errors import IdhError, TransientError
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.study_images import CutPatch, Proposal, StoreShelf, StudyImages
from idh_tasks.reporting.outline_figure import outline_picture
from idh_tasks.store import keys

log = logging.getLogger(__name__)


def due(platform: Platform) -> list[Batch]:
    """Return the studies that have no patches of the current code and settings, in batches."""
    with platform.database.begin() as transaction:
        return cut(patches.due_studies(transaction, preprocessing_version(platform)))


def preprocess_batch(platform: Platform, study_ids: list[str]) -> dict[str, int]:
    """Preprocess each study of a batch; a bad series or study is recorded, the others go on."""
    outcomes: Counter[str] = Counter()
    for study_id in study_ids:
        outcomes.update(preprocess_study(platform, StudyId(study_id)))
    log.info("batch done: %s", dict(outcomes))
    return dict(outcomes)


def preprocess_study(platform: Platform, study_id: StudyId) -> Counter[str]:
    """Cut the patches of one study, publish them, and record an outcome for each sequence."""
    with platform.database.begin() as transaction:
        study = studies.get(transaction, study_id)
        accepted = transaction.one("select_accepted_outline", study_id=study_id)
    version = preprocessing_version(platform)
    shelf, outline = StoreShelf(platform, study), accepted["sha256"] if accepted else None
    images = StudyImages(shelf, platform.settings.imaging, outline)
    records = [_outcome(platform, images, study, sequence, version) for sequence in MODEL_SEQUENCES]
    question = _outline_question(platform, study, images.proposal) if _proposed(records) else None
    with platform.database.begin() as transaction:
        patches.save(transaction, records)
        if question is not None:
            transaction.run("insert_outline_review", **question)
    counts = Counter(record.code or "patches" for record in records)
    log.info("study %s: %s", study_id, dict(counts))
    return counts


def _proposed(records: list[PatchRecord]) -> bool:
    return any(record.code == "W_ROI_PROPOSED" for record in records)


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


def _outcome(
    platform: Platform, images: StudyImages, study: StoredStudy, sequence: MrSequence, version: str
) -> PatchRecord:
    patch_id = keys.digest(study.study_id, study.content_hash, sequence, version)
    try:
        cut_patch = images.patch(sequence)
    except TransientError:
        raise
    except IdhError as error:
        return PatchRecord(
            patch_id, study.study_id, study.revision, sequence, version, code=error.code, reason=error.reason
        )
    return _publish(platform, study, sequence, version, patch_id, cut_patch)


def _publish(
    platform: Platform,
    study: StoredStudy,
    sequence: MrSequence,
    version: str,
    patch_id: str,
    cut_patch: CutPatch,
) -> PatchRecord:
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
    )


def array_bytes(array: Float) -> bytes:
    """Return an array as the bytes of an .npy file."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def read_array(content: bytes) -> Float:
    """Return the array of an .npy file; pickles are refused."""
    array: Float = np.load(BytesIO(content), allow_pickle=False)
    return array


def preprocess(platform: Platform) -> dict[str, int]:
    """Preprocess everything that is due, without Airflow; return how many outcomes there were of each kind."""
    outcomes: Counter[str] = Counter()
    for batch in due(platform):
        outcomes.update(preprocess_batch(platform, batch["ids"]))
    return dict(outcomes)
