"""The fingerprint of the key from which the pseudonyms of this installation are derived."""

from collections.abc import Callable
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError

VERSION = 1
"""Version of the computation of the fingerprint; a new computation gets a new version, and old rows stay."""


@dataclass(frozen=True)
class _KnownPatient:
    patient_key: PatientKey
    issuer: str
    identifier: str

    def __repr__(self) -> str:
        return f"_KnownPatient({self.patient_key})"


def check(transaction: Transaction, fingerprint: str, patient: Callable[[str, str], PatientKey]) -> None:
    """Record the fingerprint of the first key, and refuse every other key.

    Parameters
    ----------
    fingerprint
        That of the key in use.
    patient
        Derives a patient's key from issuer and identifier.

    Raises
    ------
    RunRefusedError
        ``E_KEY``: with another key, patients would get new pseudonyms, and those who withdrew would be ingested again.
        Also if the role of this process may not record the first key.
    """
    if _recorded(transaction) is None:
        _record(transaction, fingerprint, patient)
    if _recorded(transaction) != fingerprint:
        raise RunRefusedError(
            Code.E_KEY, "this is not the pseudonym key of this installation; take the key from the backup"
        )


def _recorded(transaction: Transaction) -> str | None:
    return next(iter(transaction.column(str, "installation_key/select_fingerprint", version=VERSION)), None)


def _record(transaction: Transaction, fingerprint: str, patient: Callable[[str, str], PatientKey]) -> None:
    if transaction.column(bool, "installation_key/select_may_record") != [True]:
        raise RunRefusedError(Code.E_KEY, "no pseudonym key is recorded yet; ingest or link studies first")
    # An older version recorded no fingerprint, but the key must explain the patients that it stored. One is enough:
    # the rule by which identifiers are compared may have changed since.
    known = transaction.all(_KnownPatient, "installation_key/select_known_patients")
    if known and not any(patient(one.issuer, one.identifier) == one.patient_key for one in known):
        raise RunRefusedError(
            Code.E_KEY, "the stored patients have other pseudonyms with this key; take the key from the backup"
        )
    transaction.run("installation_key/insert_fingerprint", version=VERSION, fingerprint=fingerprint)
