"""Training runs, and the lease under which one worker at a time trains a sequence."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from idh_tasks.db.engine import Transaction


class RunState(StrEnum):
    """How far a training run has come; `PROMOTED` also if no model was good enough."""

    FROZEN = "frozen"
    EVALUATED = "evaluated"
    PROMOTED = "promoted"


@dataclass(frozen=True)
class Run:
    """A training run as stored."""

    run_id: str
    dataset_id: str
    state: RunState
    settings: dict[str, Any]


@dataclass(frozen=True)
class PromotedRun:
    """A training run that has been through promotion, with the key of its report."""

    run_id: str
    dataset_id: str
    report_key: str | None


@dataclass(frozen=True)
class Lease:
    """The right of one worker to train a sequence of a run."""

    run_id: str
    sequence: str
    holder: str


@dataclass(frozen=True)
class StageCounts:
    """How far each stage of the platform has come, in deliveries, studies, folds and predictions."""

    found: int
    ingested: int
    quarantined: int
    linked: int
    preprocessed: int
    folds: int
    predictions: int


def save_run(transaction: Transaction, run: Run, code_version: str) -> None:
    """Store a run; its dataset must be stored already."""
    values = {"run_id": run.run_id, "dataset_id": run.dataset_id, "settings": json.dumps(run.settings)}
    transaction.run("training/insert_training_run", code_version=code_version, **values)


def get_run(transaction: Transaction, run_id: str) -> Run | None:
    """Return a run, or None."""
    return transaction.first(Run, "training/select_training_run", run_id=run_id)


def set_evaluated(transaction: Transaction, run_id: str, report_key: str) -> None:
    """Record the report of a run."""
    transaction.run("training/update_training_run", run_id=run_id, state=RunState.EVALUATED, report_key=report_key)


def set_promoted(transaction: Transaction, run_id: str) -> None:
    """Record that a run has been through promotion."""
    transaction.run("training/update_training_run", run_id=run_id, state=RunState.PROMOTED, report_key=None)


def latest_promoted_run(transaction: Transaction) -> PromotedRun | None:
    """Return the latest run that has been through promotion, or None."""
    return transaction.first(PromotedRun, "training/select_latest_promoted_run")


def has_unfinished_run(transaction: Transaction) -> bool:
    """Return whether a run later than the latest promoted one has not been through promotion."""
    return bool(transaction.rows("training/select_unfinished_run"))


def latest_refusal(transaction: Transaction) -> str | None:
    """Return why no run was due when this was last checked, or None."""
    row = transaction.one("training/select_latest_refusal")
    return None if row is None else str(row["reason"])


def progress(transaction: Transaction) -> StageCounts:
    """Return how far each stage of the platform has come."""
    [counts] = transaction.all(StageCounts, "training/select_progress")
    return counts


def take_lease(transaction: Transaction, lease: Lease, seconds: float) -> bool:
    """Take or renew a lease for some seconds; return whether it is ours."""
    return transaction.run("training/upsert_training_lease", seconds=seconds, **vars(lease)) > 0


def release_lease(transaction: Transaction, lease: Lease) -> None:
    """Release a lease, if it is ours."""
    transaction.run("training/delete_training_lease", **vars(lease))


def save_progress(transaction: Transaction, lease: Lease, fold: int, epoch: int, loss: float) -> None:
    """Record the last epoch of a fold, with its training loss."""
    values = {"run_id": lease.run_id, "sequence": lease.sequence, "fold": fold, "epoch": epoch, "loss": loss}
    transaction.run("training/upsert_training_progress", **values)
