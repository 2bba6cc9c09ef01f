"""Everything that is stored about a person, and its deletion, in schemas idh and phi; takes and returns our keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from idh_tasks.db import cohort
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import PatientKey, StudyId


@dataclass(frozen=True)
class TrainedModel:
    """A model whose dataset included the person."""

    run_id: str
    model_id: str | None
    sequence: str | None
    state: str | None


@dataclass(frozen=True)
class _TrainingReport:
    report_key: str | None


@dataclass(frozen=True)
class _Holding:
    holding: str
    rows: int


def person_keys(transaction: Transaction, patient_key: str) -> list[PatientKey]:
    """Return all keys of the person behind one key; none if the key is unknown."""
    return transaction.column(PatientKey, "erasure/select_person_keys", patient_key=patient_key)


def study_ids(transaction: Transaction, patients: Sequence[PatientKey]) -> list[StudyId]:
    """Return the studies of a person."""
    return transaction.column(StudyId, "erasure/select_study_ids", keys=patients)


def count_rows(transaction: Transaction, patients: Sequence[PatientKey]) -> dict[str, int]:
    """Return how many rows are stored about a person, by kind."""
    holdings = transaction.all(_Holding, "erasure/select_holdings", keys=patients)
    return {holding.holding: holding.rows for holding in holdings}


def trained_models(transaction: Transaction, patients: Sequence[PatientKey]) -> list[TrainedModel]:
    """Return the models whose dataset included a person."""
    return transaction.all(TrainedModel, "erasure/select_models_naming", keys=patients)


def object_keys(transaction: Transaction, patients: Sequence[PatientKey], studies: Sequence[StudyId]) -> list[str]:
    """Return the objects about a person that rows refer to: quarantined bytes, packed datasets, reports, pictures.

    A training report may show patches of the person, and so does the picture of a pair with the same image.
    """
    quarantined = transaction.column(str, "erasure/select_held_objects", studies=studies)
    packs = transaction.column(str, "erasure/select_packs_holding", keys=patients, studies=studies)
    pictures = transaction.column(str, "erasure/select_pictures_of_pairs", keys=patients)
    reports = transaction.all(_TrainingReport, "erasure/select_models_naming", keys=patients)
    return quarantined + packs + pictures + [report.report_key for report in reports if report.report_key]


def delete_person(
    transaction: Transaction, patients: Sequence[PatientKey], studies: Sequence[StudyId], erased_by: str
) -> None:
    """Delete all rows about a person, and remember the keys so that nothing is taken in again."""
    cohort.lock_places(transaction)  # a count of the cohort at the same time would insert the same groups
    transaction.run("erasure/delete_person", keys=patients, studies=studies, erased_by=erased_by)
