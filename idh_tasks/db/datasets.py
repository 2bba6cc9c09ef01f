"""Frozen datasets: their members, and what has changed since."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MrSequence, Provenance


class EligibleMember(NamedTuple):
    """A patch that may become a member of a dataset, with the provenance of its image."""

    member: Member
    provenance: Provenance


@dataclass(frozen=True)
class Changes:
    """How many patients are new since a dataset, and how many of its members have another label, person or study."""

    new_cases: int
    affected: int


@dataclass(frozen=True)
class PatientFeatures:
    """Age at imaging, sex, and the mean rCBV in the tumour outline of a patient; None if it is on another scale."""

    patient_key: str
    age_years: float | None
    sex: str | None
    mean_rcbv: float | None


@dataclass(frozen=True)
class Acquired:
    """Vendor, protocol and time of ingest of a patient's study: means over the series of one sequence."""

    patient_key: str
    manufacturer: str
    ingested_at: datetime
    provenance: Provenance | None
    series: int
    instances: float
    axial: float
    voxel_mm3: float
    coverage_mm: float


def eligible_members(transaction: Transaction, settings_hash: str) -> list[EligibleMember]:
    """Return every patch by this version of code and settings of a chosen case with a determinate label."""
    member = TypeAdapter(Member)
    rows = transaction.rows("datasets/select_eligible_patches", settings_hash=settings_hash)
    return [EligibleMember(member.validate_python(dict(row)), Provenance(row["provenance"])) for row in rows]


def save(
    transaction: Transaction,
    dataset_id: str,
    settings: Mapping[str, Any],
    members: Sequence[Member],
) -> None:
    """Store a dataset with its members, whose patches are packed."""
    dataset = {"dataset_id": dataset_id}
    transaction.run("datasets/insert_dataset", settings=json.dumps(settings), **dataset)
    transaction.run_many("datasets/insert_dataset_member", [vars(member) | dataset for member in members])
    sequences = sorted({member.sequence for member in members})
    transaction.run_many("datasets/insert_dataset_pack", [{"sequence": sequence} | dataset for sequence in sequences])


def members(transaction: Transaction, run_id: str) -> list[Member]:
    """Return the members of a run's dataset."""
    return transaction.all(Member, "datasets/select_dataset_members", run_id=run_id)


def trainable(transaction: Transaction, run_id: str, sequence: MrSequence) -> bool:
    """Return whether a run's dataset still has all its patients of a sequence: none was erased."""
    return bool(transaction.rows("datasets/select_trainable", run_id=run_id, sequence=sequence))


def features(transaction: Transaction, run_id: str) -> list[PatientFeatures]:
    """Return what the baselines know about each patient of a run's dataset."""
    return transaction.all(PatientFeatures, "datasets/select_dataset_features", run_id=run_id)


def acquired(transaction: Transaction, run_id: str, sequence: MrSequence) -> list[Acquired]:
    """Return how the images of one sequence of a run's dataset were acquired."""
    return transaction.all(Acquired, "datasets/select_dataset_acquisition", run_id=run_id, sequence=sequence)


def changes_since(transaction: Transaction, dataset_id: str, patients: list[str]) -> Changes:
    """Return what has changed since a dataset, given the patients that are eligible now."""
    changes = transaction.first(Changes, "datasets/count_changes", dataset_id=dataset_id, patients=patients)
    return changes or Changes(0, 0)


def kept_changes_since(
    transaction: Transaction, dataset_id: str, settings_hash: str, accepted: Sequence[Provenance]
) -> Changes:
    """Return what has changed since a dataset by the kept places, without reading everyone who is eligible."""
    values = {"dataset_id": dataset_id, "settings_hash": settings_hash, "provenances": list(accepted)}
    [changes] = transaction.all(Changes, "datasets/count_kept_changes", **values)
    return changes


def count_to_prepare_again(transaction: Transaction, settings_hash: str) -> int:
    """Return how many labelled studies have patches of earlier code, settings or images only."""
    return transaction.column(int, "datasets/count_to_prepare_again", settings_hash=settings_hash)[0]


def count_to_wait_for(transaction: Transaction, settings_hash: str) -> int:
    """Return how many labelled studies are yet to be made again because they have patches of another version only."""
    return transaction.column(int, "datasets/count_to_wait_for", settings_hash=settings_hash)[0]


def locked_shares(transaction: Transaction) -> list[float]:
    """Return the shares of the locked test set with which earlier runs were trained; 0 is left out."""
    return [float(row["share"]) for row in transaction.rows("datasets/select_locked_shares")]
