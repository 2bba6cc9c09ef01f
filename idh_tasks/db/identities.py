"""Schema phi: which patient a pseudonym stands for. Only ingest and the loading of reports use this module."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import PatientKey, StudyId
from idh_tasks.errors import StudyQuarantinedError


@dataclass(frozen=True)
class Identity:
    """A patient as a header or a report identifies them; never logged, never in an XCom."""

    patient_key: PatientKey
    issuer: str
    identifier: str
    name: str | None
    birth_date: date | None
    sex: str | None
    shift_days: int | None = None

    def __repr__(self) -> str:
        return f"Identity({self.patient_key})"


@dataclass(frozen=True)
class _Demographics:
    birth_date: date | None
    sex: str | None

    def contradict(self, identity: Identity) -> bool:
        """Return whether birth date or sex are known on both sides and differ."""
        pairs = ((self.birth_date, identity.birth_date), (self.sex, identity.sex))
        return any(recorded and stated and recorded != stated for recorded, stated in pairs)


def register_patient(transaction: Transaction, identity: Identity) -> None:
    """Record a patient, or check that the one on record is the same person.

    Raises
    ------
    StudyQuarantinedError
        ``E_DEMOGRAPHIC_MISMATCH`` if birth date or sex differ for the same identifier, ``E_WITHDRAWN`` if the
        patient's data were erased.
    """
    if erased(transaction, [identity.patient_key]):
        raise StudyQuarantinedError(Code.E_WITHDRAWN, "the patient has withdrawn: no more of their data is accepted")
    transaction.run("identities/insert_patient", patient_key=identity.patient_key, sex=identity.sex)
    transaction.run("identities/insert_patient_identity", **vars(identity))
    recorded = transaction.first(_Demographics, "identities/select_patient_identity", patient_key=identity.patient_key)
    if recorded is None:
        raise StudyQuarantinedError(Code.E_ID_MISMATCH, "the identifier belongs to another pseudonym")
    if recorded.contradict(identity):
        raise StudyQuarantinedError(
            Code.E_DEMOGRAPHIC_MISMATCH, "birth date or sex differ for the same identifier; ask the patient registry"
        )


def register_study(transaction: Transaction, study_id: StudyId, uid: str, accession: str) -> None:
    """Record the hospital's own identifiers of a study."""
    transaction.run(
        "identities/insert_study_identity", study_id=study_id, study_instance_uid=uid, accession_number=accession
    )


def erased(transaction: Transaction, patients: Iterable[PatientKey]) -> set[PatientKey]:
    """Return which of these patients have withdrawn."""
    rows = transaction.rows("identities/select_erased", keys=sorted(set(patients)))
    return {PatientKey(row["patient_key"]) for row in rows}
