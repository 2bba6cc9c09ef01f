"""Preprocesses studies in batches: each study yields one patch per sequence, or a reason why there is none."""

import logging
from collections import Counter

from idh_tasks.db import patches, reviews, studies
from idh_tasks.db.patches import PatchRecord
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.domain.study import StudyId
from idh_tasks.errors import IdhError, SeriesRejectedError, StudyQuarantinedError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.preprocess.cut_patches import PatchCutter
from idh_tasks.pipelines.preprocess.isolation import IsolatedProcess
from idh_tasks.pipelines.preprocess.publication import Publisher, record_without_patch
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.series_reader import StoredSeriesReader
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.settings import Settings

log = logging.getLogger(__name__)

Outcomes = Counter[str]
"""Number of sequences by outcome: ``patches``, or the code of the reason."""


def due(platform: Platform) -> list[Batch]:
    """Return the studies without patches of the current code and settings, in batches."""
    with platform.database.begin() as transaction:
        return cut(patches.due_studies(transaction, preprocessing_version(platform)))


def preprocess(platform: Platform) -> dict[str, int]:
    """Preprocess everything that is due without Airflow; return the number of sequences by outcome."""
    outcomes: Outcomes = Counter()
    for batch in due(platform):
        outcomes.update(preprocess_batch(platform, batch["ids"]))
    return dict(outcomes)


def preprocess_batch(platform: Platform, study_ids: list[str]) -> dict[str, int]:
    """Preprocess the studies of a batch in a child process; the reason is recorded where a study or series fails."""
    outcomes: Outcomes = Counter()
    with IsolatedProcess() as child:
        for study_id in map(StudyId, study_ids):
            try:
                counts = child.call(_preprocess_in_child, platform.settings, study_id)
            except (StudyQuarantinedError, SeriesRejectedError) as error:
                counts = _record_refusal(platform, study_id, error)
            log.info("study %s: %s", study_id, dict(counts))
            outcomes.update(counts)
    log.info("batch finished: %s", dict(outcomes))
    return dict(outcomes)


def _preprocess_in_child(settings: Settings, study_id: StudyId) -> Outcomes:
    try:
        return preprocess_study(Platform(settings), study_id)
    except Exception as error:  # a study must not end its batch
        raise as_refusal(error) from None


def _record_refusal(platform: Platform, study_id: StudyId, error: IdhError) -> Outcomes:
    """Record for every sequence of a study why there is no patch."""
    version = preprocessing_version(platform)
    with platform.database.begin() as transaction:
        study = studies.get(transaction, study_id)
        records = [record_without_patch(study, sequence, version, error) for sequence in MODEL_SEQUENCES]
        patches.save(transaction, records)
    return Counter({error.code: len(records)})


def preprocess_study(platform: Platform, study_id: StudyId) -> Outcomes:
    """Cut the patches of one study, publish them, and record the outcome of every sequence."""
    with platform.database.begin() as transaction:
        study = studies.get(transaction, study_id)
        accepted_sha256 = reviews.accepted_outline(transaction, study_id)
    images = StudyImages(StoredSeriesReader(platform, study), platform.settings.imaging)
    outline = TumourOutline(images, accepted_sha256)
    cutter = PatchCutter(images, outline)
    cut_patches = cutter.cut_all()
    publisher = Publisher(platform.store, study, preprocessing_version(platform))
    records = publisher.records(cut_patches)
    proposed = publisher.outline(outline.proposal) if cut_patches.await_review else None
    sheet = publisher.sheet(cutter.quality_sheet(cut_patches)) if cut_patches.cut else None
    with platform.database.begin() as transaction:
        patches.save(transaction, records)
        if proposed is not None:
            reviews.request_outline_review(transaction, proposed)
        if sheet is not None:
            patches.save_sheet(transaction, sheet)
    return Counter(record.code or _made(record) for record in records)


def _made(record: PatchRecord) -> str:
    """Return as what a patch is counted: those in the space of a substitute apart."""
    reference = (record.origin or {}).get("reference")
    return "patches" if reference == MrSequence.MPRAGE else f"patches in the space of {reference}"
