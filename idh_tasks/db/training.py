"""Datasets, training runs, their results and the models they lead to."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import FINAL, HeldOutScore, Interval, Member, Metrics, ModelRecord
from idh_tasks.domain.sequence import MrSequence, Provenance

METRICS = tuple(Metrics.__dataclass_fields__)


@dataclass(frozen=True)
class Run:
    """A training run as stored."""

    run_id: str
    dataset_id: str
    state: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Pack:
    """Where all patches of one sequence of a dataset lie."""

    sequence: MrSequence
    object_key: str
    sha256: str


@dataclass(frozen=True)
class FoldResult:
    """One fold's metrics and its loss over epochs."""

    fold: int
    metrics: Metrics
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class SequenceResult:
    """What came of one sequence; `code` says why nothing could be trained."""

    sequence: MrSequence
    n: int
    mutants: int
    auc: Interval | None = None
    delong: Interval | None = None
    canary: Interval | None = None
    brier: float | None = None
    ece: float | None = None
    calibrated_brier: float | None = None
    code: str | None = None
    reason: str | None = None
    worker: str | None = None
    device: str | None = None
    seconds: float | None = None


def eligible_members(transaction: Transaction, settings_hash: str) -> list[tuple[Member, Provenance]]:
    """Return every patch with a determinate label of a chosen case, with its provenance."""
    names = Member.__dataclass_fields__
    return [
        (
            Member(**{k: row[k] for k in names if k != "sequence"}, sequence=MrSequence(row["sequence"])),
            Provenance(row["provenance"]),
        )
        for row in transaction.rows("datasets/select_eligible_patches", settings_hash=settings_hash)
    ]


def freeze(
    transaction: Transaction, run: Run, members: Iterable[Member], packs: Iterable[Pack], code_version: str
) -> None:
    """Store a dataset with its members and packed patches, and the run that will learn from it."""
    settings = json.dumps(run.settings)
    transaction.run("datasets/insert_dataset", dataset_id=run.dataset_id, settings=settings)
    transaction.run_many(
        "datasets/insert_dataset_member", [vars(member) | {"dataset_id": run.dataset_id} for member in members]
    )
    transaction.run_many(
        "datasets/upsert_dataset_pack", [vars(pack) | {"dataset_id": run.dataset_id} for pack in packs]
    )
    transaction.run(
        "training/insert_training_run",
        run_id=run.run_id,
        dataset_id=run.dataset_id,
        settings=settings,
        code_version=code_version,
    )


def get_run(transaction: Transaction, run_id: str) -> Run | None:
    """Return a run, or nothing."""
    row = transaction.one("training/select_training_run", run_id=run_id)
    return None if row is None else Run(row["run_id"], row["dataset_id"], row["state"], row["settings"])


def members(transaction: Transaction, run_id: str) -> list[Member]:
    """Return the members of a run's dataset."""
    return [
        Member(**(dict(row) | {"sequence": MrSequence(row["sequence"])}))
        for row in transaction.rows("datasets/select_dataset_members", run_id=run_id)
    ]


def pack_of(transaction: Transaction, run_id: str, sequence: MrSequence) -> Pack | None:
    """Return where the patches of one sequence of a run's dataset lie."""
    row = transaction.one("datasets/select_dataset_pack", run_id=run_id, sequence=sequence)
    return None if row is None else Pack(sequence, row["object_key"], row["sha256"])


def save_result(
    transaction: Transaction,
    run_id: str,
    result: SequenceResult,
    folds: Sequence[FoldResult] = (),
    scores: Sequence[HeldOutScore] = (),
    model: tuple[ModelRecord, float, dict[str, str]] | None = None,
    locked: Sequence[HeldOutScore] = (),
) -> None:
    """Store everything one sequence led to, in the caller's transaction: all of it or nothing.

    Parameters
    ----------
    model
        The network, its temperature, and the versions it was made with.
    locked
        What this network says of the locked test set.
    """
    columns = {k: v for k, v in vars(result).items() if k not in ("auc", "delong", "canary")}
    bounds = {
        "auc": result.auc and result.auc.value,
        "auc_low": result.auc and result.auc.low,
        "auc_high": result.auc and result.auc.high,
        "delong_low": result.delong and result.delong.low,
        "delong_high": result.delong and result.delong.high,
        "canary_auc": result.canary and result.canary.value,
        "canary_low": result.canary and result.canary.low,
        "canary_high": result.canary and result.canary.high,
    }
    transaction.run("training/insert_sequence_result", run_id=run_id, **columns, **bounds)
    key = {"run_id": run_id, "sequence": result.sequence}
    transaction.run_many(
        "training/insert_fold_result",
        [key | vars(f.metrics) | {"fold": f.fold, "learning_curve": [list(point) for point in f.curve]} for f in folds],
    )
    transaction.run_many("training/insert_held_out_score", [key | vars(score) for score in scores])
    transaction.run_many("training/insert_locked_score", [key | vars(score) for score in locked])
    if model is not None:
        record, temperature, environment = model
        transaction.run(
            "models/insert_model", **vars(record), temperature=temperature, environment=json.dumps(environment)
        )


def results(transaction: Transaction, run_id: str) -> dict[MrSequence, SequenceResult]:
    """Return the results of a run by sequence."""
    found = {}
    for row in transaction.rows("training/select_sequence_results", run_id=run_id):
        plain = {k: v for k, v in row.items() if k.rpartition("_")[0] not in ("auc", "delong", "canary") and k != "auc"}
        plain["sequence"] = MrSequence(row["sequence"])
        found[plain["sequence"]] = SequenceResult(
            **plain,
            auc=_interval(row["auc"], row["auc_low"], row["auc_high"]),
            delong=_interval(row["auc"], row["delong_low"], row["delong_high"]),
            canary=_interval(row["canary_auc"], row["canary_low"], row["canary_high"]),
        )
    return found


def _interval(value: float | None, low: float | None, high: float | None) -> Interval | None:
    return None if value is None or low is None or high is None else Interval(value, low, high)


def folds(transaction: Transaction, run_id: str) -> dict[MrSequence, list[FoldResult]]:
    """Return the folds of a run by sequence."""
    found: dict[MrSequence, list[FoldResult]] = defaultdict(list)
    for row in transaction.rows("training/select_fold_results", run_id=run_id):
        metrics = Metrics(**{name: row[name] for name in METRICS})
        curve = tuple((int(epoch), loss) for epoch, loss in row["learning_curve"])
        found[MrSequence(row["sequence"])].append(FoldResult(row["fold"], metrics, curve))
    return found


def scores(transaction: Transaction, run_id: str) -> dict[MrSequence, list[HeldOutScore]]:
    """Return the out-of-fold scores of a run by sequence."""
    found: dict[MrSequence, list[HeldOutScore]] = defaultdict(list)
    for row in transaction.rows("training/select_held_out_scores", run_id=run_id):
        values = {k: v for k, v in row.items() if k != "sequence"}
        found[MrSequence(row["sequence"])].append(HeldOutScore(**values))
    return found


def locked_scores(transaction: Transaction, run_id: str) -> dict[MrSequence, list[HeldOutScore]]:
    """Return what the networks of a run say of the locked test set, by sequence."""
    found: dict[MrSequence, list[HeldOutScore]] = defaultdict(list)
    for row in transaction.rows("training/select_locked_scores", run_id=run_id):
        values = {k: v for k, v in row.items() if k != "sequence"}
        found[MrSequence(row["sequence"])].append(HeldOutScore(fold=FINAL, **values))
    return found


def promote(transaction: Transaction, sequence: MrSequence, model_id: str) -> None:
    """Make a model the champion of its sequence; readers see the old one or the new one."""
    transaction.run("models/retire_champion", sequence=sequence, model_id=model_id)
    transaction.run("models/promote_model", model_id=model_id)


def champions(transaction: Transaction) -> dict[str, ModelRecord]:
    """Return the champions by model id."""
    return {
        row["model_id"]: ModelRecord(**(dict(row) | {"sequence": MrSequence(row["sequence"])}))
        for row in transaction.rows("models/select_champions")
    }
