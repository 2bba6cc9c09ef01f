"""Whose study it is: a known study that a delivery names under another patient is stored anew, as a whole or not.

The stored files hold pseudonym and shifted dates of the former patient, so that they cannot be kept beside others.
"""

import logging
from collections.abc import Collection

from idh_tasks.codes import Code
from idh_tasks.db import audit, identities, owners, quarantine
from idh_tasks.db.engine import Transaction
from idh_tasks.db.owners import Doubt, Uses
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.study import PatientKey, StudyRecord
from idh_tasks.errors import StudyQuarantinedError
from idh_tasks.pipelines.ingest.received_study import ReceivedStudy
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)


def former_owner(stored: StoredStudy | None, received: ReceivedStudy) -> PatientKey | None:
    """Return under which other patient a delivered study is stored, or None."""
    if stored is None or stored.patient_key == received.identity.patient_key:
        return None
    return stored.patient_key


def check_whole(received: ReceivedStudy, known: Collection[str], instances: Collection[str]) -> None:
    """Check that all of a study arrived under its other patient.

    Raises
    ------
    StudyQuarantinedError
        ``E_ID_CHANGED`` if instances would stay behind under the former patient.
    """
    missing = set(known) - set(instances)
    if missing and not received.whole:
        reason = f"stored under another patient, and {len(missing)} of its {len(known)} instances are not delivered"
        raise StudyQuarantinedError(Code.E_ID_CHANGED, reason)


def agree_on_patient(
    platform: Platform, transaction: Transaction, received: ReceivedStudy, stored: StoredStudy | None
) -> None:
    """Record the patient, or correct the birth date on record if all studies of the patient state another one.

    Raises
    ------
    StudyQuarantinedError
        As `identities.register_patient`.
    """
    identity, stated = received.identity, _stated(platform, received)
    if identity.birth_date and stored and owners.agreed(transaction, received.study_id, identity.patient_key, stated):
        owners.correct_birth_date(transaction, identity.patient_key, identity.birth_date, stated)
    identities.register_patient(transaction, identity)
    if owners.settle(transaction, received.study_id):
        log.info("study %s: whose it is is clear again", received.study_id)


def _stated(platform: Platform, received: ReceivedStudy) -> str:
    identity = received.identity
    return platform.pseudonymiser.token("stated", identity.patient_key, str(identity.birth_date), str(identity.sex))


def record_doubt(platform: Platform, received: ReceivedStudy, error: StudyQuarantinedError) -> None:
    """Take a stored study out of use if a delivery names it otherwise and could not be stored."""
    if error.code not in (Code.E_ID_CHANGED, Code.E_DEMOGRAPHIC_MISMATCH, Code.E_WITHDRAWN, Code.E_ID_MISMATCH):
        return
    doubt = Doubt(received.study_id, error.code, error.reason, _stated(platform, received))
    with platform.database.begin() as transaction:
        if owners.doubt(transaction, doubt):
            audit.record(transaction, "ingest", "owner in doubt", received.study_id, code=error.code)


def move_study(
    transaction: Transaction,
    received: ReceivedStudy,
    study: StudyRecord,
    former: PatientKey,
    absent: int,
) -> None:
    """Put a study that was stored anew under its present patient, and name what had used it under the former one.

    `absent` of its instances were not stored anew.
    """
    uses = owners.move(transaction, study, former)
    audit.record(
        transaction, "ingest", "patient changed", study.study_id,
        former=former, present=study.patient_key, absent=absent, **vars(uses),
    )  # fmt: skip
    reason = _in_words(uses) + (
        f"; {absent} instances did not come with it and are not used any more" if absent else ""
    )
    log.warning("study %s: stored anew under another patient; %s", study.study_id, reason)
    if uses or absent:
        entry = QuarantineEntry(study.study_id, "study", Code.E_ID_CHANGED, reason, received.item_id)
        quarantine.record(transaction, [entry], study.study_id)


def _in_words(uses: Uses) -> str:
    if not uses:
        return "nothing had used it under the former patient"
    parts = (("documents", uses.documents), ("datasets", uses.datasets))
    named = [f"{what} {', '.join(ids)}" for what, ids in parts if ids]
    predicted = [f"{uses.predictions} predictions"] if uses.predictions else []
    return f"under the former patient were made: {'; '.join(named + predicted)}"
