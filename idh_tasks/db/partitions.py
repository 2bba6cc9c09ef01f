"""Whom each fold of a training run holds out, and who is in the locked test set for good."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import FINAL, Fold, Partition


@dataclass(frozen=True)
class HeldOut:
    """The patients whom a fold of a run holds out."""

    fold: int
    repetition: int
    patients: list[str]


def save(transaction: Transaction, run_id: str, partition: Partition) -> None:
    """Store the folds of a run and its locked test set; those of a run that has some are kept."""
    locked = Fold(FINAL, (), tuple(sorted(partition.locked)))
    rows = [
        {"run_id": run_id, "fold": fold.number, "repetition": fold.repetition, "patients": list(fold.test)}
        for fold in (*partition.folds, locked)
    ]
    transaction.run_many("partitions/insert_held_out_patients", rows)


def of_run(transaction: Transaction, run_id: str, patients: Collection[str]) -> Partition | None:
    """Return the folds of a run and its locked test set, or None if it has none.

    Parameters
    ----------
    patients
        All patients of the run's dataset, in the order that they shall have in the folds.
    """
    rows = transaction.all(HeldOut, "partitions/select_held_out_patients", run_id=run_id)
    locked = frozenset(patient for row in rows if row.fold == FINAL for patient in row.patients)
    folds = [_fold(row, [p for p in patients if p not in locked]) for row in rows if row.fold != FINAL]
    return Partition(folds, locked) if folds else None


def _fold(row: HeldOut, patients: Collection[str]) -> Fold:
    held_out = set(row.patients)
    train = tuple(patient for patient in patients if patient not in held_out)
    return Fold(row.fold, train, tuple(patient for patient in patients if patient in held_out), row.repetition)


def locked_decisions(transaction: Transaction) -> Mapping[str, bool]:
    """Return for each person who has been in a dataset with a locked test set whether they are in it."""
    rows = transaction.rows("partitions/select_locked_decisions")
    return {str(row["patient_key"]): bool(row["locked"]) for row in rows}


def decide(transaction: Transaction, patients: Collection[str], locked: Collection[str]) -> None:
    """Record for patients whether they are in the locked test set; what was decided before stays."""
    transaction.run("partitions/insert_locked_decisions", patients=list(patients), locked=list(locked))
