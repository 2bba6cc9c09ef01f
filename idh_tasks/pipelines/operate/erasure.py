"""Erasure: delete everything about a person who withdrew, and name the models that were trained on their data."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import audit, erasure, links
from idh_tasks.db.erasure import TrainedModel
from idh_tasks.domain.study import PatientKey, StudyId
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Holdings:
    """What is stored about a person: keys, studies, number of rows by kind, objects, and models trained on them."""

    patient_keys: list[PatientKey]
    studies: list[StudyId]
    rows: dict[str, int]
    objects: list[str]
    models: list[TrainedModel]

    def model_ids(self) -> list[str]:
        """Return the ids of the models that were trained on the person's data."""
        return [model.model_id for model in self.models if model.model_id]


def holdings(platform: Platform, patient_key: str) -> Holdings:
    """List everything that is stored about the person behind a key.

    Raises
    ------
    RunRefusedError
        ``E_NO_PATIENT`` if the key is unknown.
    """
    with platform.database.begin() as transaction:
        patients = erasure.person_keys(transaction, patient_key)
        if not patients:
            raise RunRefusedError(Code.E_NO_PATIENT, "no patient has this key")
        studies = erasure.study_ids(transaction, patients)
        rows = erasure.count_rows(transaction, patients)
        models = erasure.trained_models(transaction, patients)
        objects = set(erasure.object_keys(transaction, patients, studies))
    objects.update(_study_objects(platform, studies))
    return Holdings(patients, studies, rows, sorted(objects), models)


def _study_objects(platform: Platform, studies: Sequence[StudyId]) -> Iterator[str]:
    for study_id in studies:
        for prefix in keys.of_study(study_id):
            yield from (listed.key for listed in platform.store.listed(prefix))


def erase(platform: Platform, patient_key: str, erased_by: str) -> Holdings:
    """Erase a person: objects first, so that after a failure the rows still name them and erasure can be repeated.

    Raises
    ------
    RunRefusedError
        ``E_NO_PATIENT`` if the key is unknown.
    """
    held = holdings(platform, patient_key)
    for key in held.objects:
        platform.store.delete(key)
    with platform.database.begin() as transaction:
        links.lock(transaction)
        erasure.delete_person(transaction, held.patient_keys, held.studies, erased_by)
        person = held.patient_keys[0]
        audit.record(transaction, erased_by, "erased", person, rows=held.rows, models=held.model_ids())
    log.info(
        "erased %s: %s, %d objects; models trained on it: %s",
        patient_key,
        held.rows,
        len(held.objects),
        held.model_ids(),
    )
    return held


def key_of(platform: Platform, issuer: str, identifier: str) -> PatientKey:
    """Return our key for a hospital's patient identifier."""
    return platform.pseudonymiser.patient(issuer, identifier)
