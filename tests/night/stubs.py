"""Stands in for pixels, networks and DICOM files; what the tasks read and write in the database is as it is."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from unittest.mock import patch

from idh_tasks.db import (
    identities,
    links,
    outlines,
    owners,
    patches,
    reviews,
    series_names,
    series_rules,
    studies,
    study_headers,
)
from idh_tasks.db.engine import Transaction
from idh_tasks.db.identities import Identity
from idh_tasks.db.patches import DrawnSheet, DrawnViews
from idh_tasks.db.studies import StoredStudy
from idh_tasks.delivery.evidence import evidence
from idh_tasks.domain.sequence import MODEL_SEQUENCES, Confidence, MrSequence
from idh_tasks.domain.study import (
    Identification,
    InstanceRecord,
    PatientKey,
    SeriesId,
    SeriesRecord,
    StudyId,
    StudyRecord,
)
from idh_tasks.pipelines.ingest import kept
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.store import keys
from tests import seed
from tests.factories import dicom_bytes, instance
from tests.night.archive import Archive

ISSUER = "H"
BORN = date(1958, 1, 1)
IMAGED = date(2018, 5, 1)
SHA256 = "0" * 64
HEADER = evidence(dicom_bytes(instance()))
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
        "idh_tasks.pipelines.predict.batch.Networks": lambda _: OneAnswer(),
        "idh_tasks.delivery.structured_report.write_report": lambda *_: b"",
    }
    with ExitStack() as stack:
        for name, stub in replaced.items():
            stack.enter_context(patch(name, stub))
        yield


def store_study(platform: Platform, fetched: FetchedFiles, item_id: str | None = None) -> dict[StudyId, bool]:
    """Store the study of a delivery as `store_studies` does: six series of one instance each."""
    number = str(fetched.study_uid)
    study = _study(platform, number)
    known = [InstanceRecord(one.series_id, one.series_id, SHA256, "p") for one in study.series]
    with platform.database.begin() as transaction:
        _read_stored(platform, transaction, study.study_id)
        identities.register_patient(transaction, _identity(platform, study.patient_key, number))
        owners.settle(transaction, study.study_id)
        studies.save(transaction, study)
        identities.register_study(transaction, study.study_id, number, "")
        kept.keep_manifest(platform, transaction, study.study_id, {one.instance_id: one for one in known})
        study_headers.save(transaction, study.study_id, HEADER)
    return {study.study_id: True}


def _read_stored(platform: Platform, transaction: Transaction, study_id: StudyId) -> None:
    studies.lock(transaction, study_id)
    kept.known_instances(platform, transaction, studies.find(transaction, study_id))
    series_names.reviewed(transaction, study_id)
    series_rules.every(transaction)


def _identity(platform: Platform, patient: PatientKey, number: str) -> Identity:
    return Identity(patient, ISSUER, number, None, BORN, "F", platform.pseudonymiser.shift_days(patient))


def _study(platform: Platform, number: str) -> StudyRecord:
    study_id, patient = platform.pseudonymiser.study(number), platform.pseudonymiser.patient(ISSUER, number)
    series = tuple(_series(study_id, sequence) for sequence in MODEL_SEQUENCES)
    imaged = platform.pseudonymiser.shifted(patient, IMAGED)
    return StudyRecord(study_id, patient, f"content{number}", imaged, 60.3, "SIEMENS", series, None)


def _series(study_id: StudyId, sequence: MrSequence) -> SeriesRecord:
    series_id = SeriesId(keys.digest(study_id, sequence))
    named = Identification(sequence, Confidence.HIGH, "description")
    return SeriesRecord(series_id, named, keys.series(study_id, "content", series_id), SHA256, 1)


class SameProcess:
    """Prepares a study where it is called, as `preprocess_study` does, without looking at an image."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def __enter__(self) -> "SameProcess":
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to end."""

    def call(self, _: object, __: object, study_id: StudyId) -> Counter[str]:
        """Record six patches, their sheet and the pictures of the slices."""
        with self._platform.database.begin() as transaction:
            study = studies.get(transaction, study_id)
            _read_outlines(transaction, study_id)
        cut = [seed.patch(self._platform, study_id, 0, sequence, mutant=False) for sequence in MODEL_SEQUENCES]
        with self._platform.database.begin() as transaction:
            links.lock(transaction)
            _read_outlines(transaction, study_id)
            patches.save(transaction, cut)
            series_names.request(transaction, study_id, [])
            _save_pictures(transaction, study, preprocessing_version(self._platform))
        return Counter(patches=len(cut))


def _read_outlines(transaction: Transaction, study_id: StudyId) -> None:
    reviews.accepted_outlines(transaction, study_id)
    outlines.submitted(transaction, study_id)


def _save_pictures(transaction: Transaction, study: StoredStudy, version: str) -> None:
    drawn = study.study_id, study.revision, version
    views = {sequence.value: keys.slices(study.study_id, sequence.value, version) for sequence in MODEL_SEQUENCES}
    patches.save_sheet(transaction, DrawnSheet(*drawn, keys.qc_sheet(study.study_id, version)))
    patches.save_views(transaction, DrawnViews(*drawn, {}, views))


class OneAnswer:
    """Networks that say the same of every patch."""

    def probability(self, _: object, __: object) -> float:
        """Return what a network might say."""
        return 0.25
