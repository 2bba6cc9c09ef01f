"""Which patient a stored study belongs to: moves to another one, and doubts. Only ingest uses this module."""

from dataclasses import dataclass
from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import PatientKey, StudyId, StudyRecord


@dataclass(frozen=True)
class Uses:
    """What has used a study: documents by id, the number of predictions, datasets by id."""

    documents: list[str]
    predictions: int
    datasets: list[str]

    def __bool__(self) -> bool:
        return bool(self.documents or self.predictions or self.datasets)


@dataclass(frozen=True)
class Doubt:
    """Why a stored study may belong to another patient; `stated` is a token of what the delivery states."""

    study_id: StudyId
    code: Code
    reason: str
    stated: str


def move(transaction: Transaction, study: StudyRecord, prior_key: PatientKey) -> Uses:
    """Put a locked study, stored anew, under its present patient; return what had used it under the former one."""
    uses = _uses(transaction, study.study_id)
    transaction.run(
        "owners/move_study",
        study_id=study.study_id,
        patient_key=study.patient_key,
        study_date=study.study_date,
        age_years=study.age_years,
    )
    transaction.run("owners/insert_change", study_id=study.study_id, prior_key=prior_key, **vars(uses))
    return uses


def _uses(transaction: Transaction, study_id: StudyId) -> Uses:
    [uses] = transaction.all(Uses, "owners/select_uses", study_id=study_id)
    return uses


def doubt(transaction: Transaction, doubted: Doubt) -> bool:
    """Take a study out of use until it is clear whose it is; return False if it is not stored."""
    return transaction.run("owners/upsert_doubt", **vars(doubted)) > 0


def settle(transaction: Transaction, study_id: StudyId) -> bool:
    """End the doubt about a study; return whether there was one."""
    return transaction.run("owners/delete_doubt", study_id=study_id) > 0


def agreed(transaction: Transaction, study_id: StudyId, patient: PatientKey, stated: str) -> bool:
    """Return whether all other studies of the patient have stated the same since."""
    values = {"study_id": study_id, "patient_key": patient, "stated": stated}
    return transaction.column(bool, "owners/select_agreed", **values) == [True]


def correct_birth_date(transaction: Transaction, patient: PatientKey, birth_date: date, stated: str) -> None:
    """Replace the birth date on record, the ages that followed from it, and the doubts of the studies that state it."""
    transaction.run("owners/correct_birth_date", patient_key=patient, birth_date=birth_date, stated=stated)
