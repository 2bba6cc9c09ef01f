"""Stands in for pixels, networks and DICOM files; what the tasks read and write in the database is as it is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from types import TracebackType
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from idh_tasks.db import identities, links, outlines, owners, patches, reviews, series_names, series_rules, studies
from idh_tasks.db.identities import Identity
from idh_tasks.db.patches import DrawnSheet, DrawnViews
from idh_tasks.domain.sequence import MODEL_SEQUENCES, Confidence, MrSequence
from idh_tasks.domain.study import Identification, InstanceRecord, SeriesId, SeriesRecord, StudyId, StudyRecord
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.store import keys
from tests import seed
from tests.night.archive import Archive

ISSUER = "H"
BORN = date(1958, 1, 1)
IMAGED = date(2018, 5, 1)
SHA256 = "0" * 64


PACS = "idh_tasks.pipelines.ingest.sources.pacs"
FIND = "idh_tasks.intake.transport.find"


@contextmanager
def stubbed(platform: Platform, archive: Archive) -> Iterator[None]:
    """Let the tasks of a night do nothing but their work in the database."""
    replaced = {
        f"{PACS}.find_studies": archive.studies,
        f"{PACS}.find_patient_studies": archive.of_patients,
        f"{PACS}.list_study": archive.contents,
        f"{PACS}.retrieve": archive.retrieve,
        f"{FIND}.find_known": archive.known,
        f"{FIND}.find_series": archive.series,
        "idh_tasks.pipelines.ingest.batch.store_studies": store_study,
        "idh_tasks.pipelines.preprocess.batch.IsolatedProcess": lambda: SameProcess(platform),
        "idh_tasks.pipelines.predict.batch._probabilities": probabilities,
        "idh_tasks.delivery.structured_report.write_report": lambda *_: b"",
    }
    with ExitStack() as stack:
        for name, stub in replaced.items():
            stack.enter_context(patch(name, stub))
        yield


def store_study(platform: Platform, fetched: FetchedFiles, item_id: str | None = None) -> dict[StudyId, bool]:
    """Store the study of a delivery as `store_studies` does: six series of one instance each."""
    number = str(fetched.study_uid)
    study_id = platform.pseudonymiser.study(number)
    record = _study(platform, study_id, number)
    with platform.database.begin() as transaction:
        studies.lock(transaction, study_id)
        studies.instances(transaction, study_id)
        studies.find(transaction, study_id)
        identity = Identity(record.patient_key, ISSUER, number, None, BORN, "F", _shift_days(platform, record))
        identities.register_patient(transaction, identity)
        owners.settle(transaction, study_id)
        series_names.reviewed(transaction, study_id)
        series_rules.every(transaction)
        studies.save(transaction, record)
        identities.register_study(transaction, study_id, number, "")
        instances = [InstanceRecord(one.series_id, one.series_id, SHA256, "profile") for one in record.series]
        studies.record_instances(transaction, study_id, instances)
    return {study_id: True}


def _study(platform: Platform, study_id: StudyId, number: str) -> StudyRecord:
    patient = platform.pseudonymiser.patient(ISSUER, number)
    series = tuple(_series(study_id, sequence) for sequence in MODEL_SEQUENCES)
    imaged = platform.pseudonymiser.shifted(patient, IMAGED)
    return StudyRecord(study_id, patient, f"content{number}", imaged, 60.3, "SIEMENS", series, None)


def _series(study_id: StudyId, sequence: MrSequence) -> SeriesRecord:
    series_id = SeriesId(keys.digest(study_id, sequence))
    named = Identification(sequence, Confidence.HIGH, "description")
    return SeriesRecord(series_id, named, keys.series(study_id, "content", series_id), SHA256, 1)


def _shift_days(platform: Platform, record: StudyRecord) -> int:
    return platform.pseudonymiser.shift_days(record.patient_key)


class SameProcess:
    """Prepares a study where it is called, as `preprocess_study` does, without looking at an image."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def __enter__(self) -> "SameProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """There is nothing to end."""

    def call(self, work: object, settings: object, study_id: StudyId) -> Counter[str]:
        """Record six patches, their sheet and the pictures of the slices."""
        platform, version = self._platform, preprocessing_version(self._platform)
        with platform.database.begin() as transaction:
            study = studies.get(transaction, study_id)
            reviews.accepted_outlines(transaction, study_id)
            outlines.submitted(transaction, study_id)
        cut = [seed.patch(platform, study_id, 0, sequence, mutant=False) for sequence in MODEL_SEQUENCES]
        with platform.database.begin() as transaction:
            links.lock(transaction)
            reviews.accepted_outlines(transaction, study_id)
            outlines.submitted(transaction, study_id)
            patches.save(transaction, cut)
            series_names.request(transaction, study_id, [])
            sheet = keys.qc_sheet(study_id, version)
            patches.save_sheet(transaction, DrawnSheet(study_id, study.revision, version, sheet))
            views = {sequence.value: keys.slices(study_id, sequence.value, version) for sequence in MODEL_SEQUENCES}
            patches.save_views(transaction, DrawnViews(study_id, study.revision, version, {}, views))
        return Counter(patches=len(cut))


def probabilities(platform: Platform, model: object, due: Sequence[Any]) -> NDArray[np.float32]:
    """Return what a network might say."""
    return np.full(len(due), 0.25, np.float32)
