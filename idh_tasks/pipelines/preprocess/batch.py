"""Preprocesses studies: each one yields one patch per sequence, or a reason why there is none."""

import logging
import math
from collections import Counter
from collections.abc import Mapping
from functools import partial

from idh_tasks.db import cohort, links, outlines, patches, reviews, series_names, studies
from idh_tasks.db.due_work import Stage
from idh_tasks.db.outlines import StoredObject
from idh_tasks.db.patches import PatchRecord
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.domain.study import SeriesRecord, StudyId
from idh_tasks.errors import IdhError, SeriesRejectedError, StudyQuarantinedError
from idh_tasks.imaging.outline.nifti import read_nifti
from idh_tasks.imaging.pixels import read_pixels
from idh_tasks.pipelines.due_work import TIME_S, Outcomes, Share, is_left, shares, work_off
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.pipelines.preprocess.cut_patches import PatchCutter
from idh_tasks.pipelines.preprocess.isolation import IsolatedProcess
from idh_tasks.pipelines.preprocess.publication import Publisher, record_without_patch
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.series_choice import doubtful_series
from idh_tasks.pipelines.preprocess.series_reader import StoredSeriesReader
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.study_views import StudyViews
from idh_tasks.pipelines.preprocess.submitted_outline import SubmittedOutline
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.reporting.series_figure import chosen, series_picture
from idh_tasks.settings import Settings

log = logging.getLogger(__name__)

STUDIES = "studies"
STUDIES_PER_TASK = 4


def due(platform: Platform) -> list[Share]:
    """Return the tasks that share the studies to be prepared."""
    return shares(platform, Stage.PREPARE, STUDIES_PER_TASK)


def studies_left(platform: Platform) -> bool:
    """Return whether studies are due that another run could prepare."""
    return is_left(platform, Stage.PREPARE)


def preprocess(platform: Platform) -> dict[str, int]:
    """Preprocess everything that is due without Airflow; return the counts of `preprocess_batch`."""
    outcomes = preprocess_batch(platform, "by hand", time_s=math.inf)
    count_cohort(platform)
    return outcomes


def count_cohort(platform: Platform) -> None:
    """Count the cohort after the last batch: each batch would count all patients again."""
    with platform.database.begin() as transaction:
        cohort.keep_places(transaction, preprocessing_version(platform))


def preprocess_batch(platform: Platform, holder: str, time_s: float = TIME_S) -> dict[str, int]:
    """Preprocess studies that are due in a child process; the reason is recorded where a study or series fails.

    Returns
    -------
    dict of str to int
        Number of studies, and of their sequences by outcome: ``patches``, or the code of the reason.
    """
    with IsolatedProcess() as child:
        outcomes = work_off(platform, Stage.PREPARE, holder, partial(_prepare, platform, child), time_s)
    log.info("task finished: %s", _in_words(outcomes))
    return dict(outcomes)


def _prepare(platform: Platform, child: IsolatedProcess, study_id: StudyId) -> Outcomes:
    with platform.database.begin() as transaction:
        if not patches.is_to_prepare(transaction, study_id, preprocessing_version(platform)):
            return Outcomes()
    try:
        counts = child.call(_preprocess_in_child, platform.settings, study_id)
    except (StudyQuarantinedError, SeriesRejectedError) as error:
        counts = _record_refusal(platform, study_id, error)
    log.info("study %s: %s; shown at /idh/studies/%s", study_id, _in_words(counts), study_id)
    return Outcomes({STUDIES: 1}) + counts


def _in_words(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in outcomes.items()) or "no sequence"


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
        accepted = reviews.accepted_outlines(transaction, study_id)
        submitted = outlines.submitted(transaction, study_id)
    reader = StoredSeriesReader(platform, study)
    images = StudyImages(reader, platform.settings.imaging)
    outline = TumourOutline(images, accepted, _submitted(platform, submitted))
    views = StudyViews(images, outline)
    cutter = PatchCutter(images, outline, views.add)
    cut_patches = cutter.cut_all()
    publisher = Publisher(platform.store, study, preprocessing_version(platform))
    records = publisher.records(cut_patches)
    doubtful = [publisher.doubtful(one, _picture(reader, one)) for one in doubtful_series(study.series)]
    proposed = publisher.outline(outline.proposal) if cut_patches.await_review else None
    if cut_patches.cut or cut_patches.await_review:
        publisher.outline_mask(outline, images.reference.image.geometry)
    sheet = publisher.sheet(cutter.quality_sheet(cut_patches)) if cut_patches.cut else None
    drawn = publisher.views(views) if views.pictures else None
    with platform.database.begin() as transaction:
        links.lock(transaction)  # no answer is given or taken back meanwhile
        present = reviews.accepted_outlines(transaction, study_id), outlines.submitted(transaction, study_id)
        current = present == (accepted, submitted)
        if current:
            patches.save(transaction, records)
            series_names.request(transaction, study_id, doubtful)
        if current and proposed is not None:
            reviews.request_outline_review(transaction, proposed)
        if current and sheet is not None:
            patches.save_sheet(transaction, sheet)
        if current and drawn is not None:
            patches.save_views(transaction, drawn)
    if not current:
        log.info("study %s: another outline was accepted or submitted meanwhile; it is preprocessed again", study_id)
        return preprocess_study(platform, study_id)
    return Counter(record.code or _made(record) for record in records)


def _submitted(platform: Platform, stored: StoredObject | None) -> SubmittedOutline | None:
    if stored is None:
        return None
    return SubmittedOutline(read_nifti(platform.store.get_checked(stored.object_key, stored.sha256)), stored.sha256)


def _picture(reader: StoredSeriesReader, series: SeriesRecord) -> bytes | None:
    """Return the picture of a series, or None if its pixels cannot be read."""
    try:
        instances = reader.instances(series)
        return series_picture([read_pixels(instances[index]) for index in chosen(len(instances))])
    except Exception as error:  # a question without a picture costs the patches of the study nothing
        log.info("series %s has no picture: %s", series.series_id, as_refusal(error))
        return None


def _made(record: PatchRecord) -> str:
    """Return as what a patch is counted: those in the space of a substitute apart."""
    reference = (record.origin or {}).get("reference")
    return "patches" if reference == MrSequence.MPRAGE else f"patches in the space of {reference}"
