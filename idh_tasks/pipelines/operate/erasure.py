"""Erasure: everything of a person who withdrew, from every store of ours, and the models that have learnt from her."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import audit
from idh_tasks.domain.study import PatientKey
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.platform import Platform
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Learnt:
    """A model whose dataset had the person."""

    run_id: str
    model_id: str | None
    sequence: str | None
    state: str | None


@dataclass(frozen=True)
class Holdings:
    """What is held of a person: under which keys, how much in which table, which objects, which models."""

    patient_keys: list[str]
    studies: list[str]
    rows: dict[str, int]
    objects: list[str]
    models: list[Learnt]


def holdings(platform: Platform, patient_key: str) -> Holdings:
    """List all that is held of the person behind a key.

    Raises
    ------
    RunRefusedError
        ``E_NO_PATIENT`` if the key is not known.
    """
    with platform.database.begin() as transaction:
        mine = [row["patient_key"] for row in transaction.rows("erasure/select_person_keys", patient_key=patient_key)]
        if not mine:
            raise RunRefusedError(Code.E_NO_PATIENT, "no patient has this key")
        studies = [row["study_id"] for row in transaction.rows("erasure/select_study_ids", keys=mine)]
        rows = {row["holding"]: row["rows"] for row in transaction.rows("erasure/select_holdings", keys=mine)}
        models = [dict(row) for row in transaction.rows("erasure/select_models_naming", keys=mine)]
        objects = [row["object_key"] for row in transaction.rows("erasure/select_held_objects", studies=studies)]
        objects += [row["object_key"] for row in transaction.rows("erasure/select_packs_holding", keys=mine)]
    # A training report shows patches of some patients: it goes, `idh run evaluate` draws it anew without her.
    objects += sorted({model.pop("report_key") for model in models} - {None})
    objects += list(_objects(platform, studies))
    return Holdings(mine, studies, rows, sorted(set(objects)), [Learnt(**model) for model in models])


def _objects(platform: Platform, studies: list[str]) -> Iterator[str]:
    for study_id in studies:
        for prefix in keys.of_study(study_id):
            yield from (item.key for item in platform.store.listed(prefix))


def erase(platform: Platform, patient_key: str, who: str) -> Holdings:
    """Erase a person: objects first, so that a failure leaves the rows that name them and can be repeated.

    Raises
    ------
    RunRefusedError
        ``E_NO_PATIENT`` if the key is not known.
    """
    found = holdings(platform, patient_key)
    for key in found.objects:
        platform.store.delete(key)
    with platform.database.begin() as transaction:
        transaction.run("links/lock_linkage")
        transaction.run("erasure/delete_person", keys=found.patient_keys, studies=found.studies, erased_by=who)
        told = [model.model_id for model in found.models if model.model_id]
        audit.record(transaction, who, "erased", found.patient_keys[0], rows=found.rows, models=told)
    log.info(
        "erased %s: %s, %d objects; models that learnt from it: %s", patient_key, found.rows, len(found.objects), told
    )
    return found


def key_of(platform: Platform, issuer: str, identifier: str) -> PatientKey:
    """Return our key of a hospital's patient."""
    return platform.pseudonymiser.patient(issuer, identifier)
