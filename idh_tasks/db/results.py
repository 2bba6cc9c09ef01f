"""Results of training runs: per sequence, per fold, per held-out patient, and comparisons."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter

from idh_tasks.db.engine import Transaction
from idh_tasks.db.result_row import ResultRow, columns_of, performance_columns
from idh_tasks.domain.learning import (
    FINAL,
    Comparison,
    FoldResult,
    HeldOutScore,
    LearningCurve,
    Metrics,
    SequenceResult,
)
from idh_tasks.domain.sequence import MrSequence

V = TypeVar("V")
BySequence = dict[MrSequence, list[V]]

COMPARISON_COLUMNS = ("n", "mutants", "auc", "auc_low", "auc_high", "brier", "ece")


@dataclass(frozen=True)
class FoldRow:
    """The columns of a fold other than its metrics."""

    sequence: MrSequence
    fold: int
    learning_curve: LearningCurve


def save(
    transaction: Transaction,
    run_id: str,
    result: SequenceResult,
    folds: Sequence[FoldResult] = (),
    scores: Iterable[HeldOutScore] = (),
    locked: Iterable[HeldOutScore] = (),
) -> None:
    """Store the result of one sequence.

    Parameters
    ----------
    scores
        Out of fold.
    locked
        Of the final network, on the locked test set.
    """
    transaction.run("results/insert_sequence_result", run_id=run_id, **columns_of(result))
    key = {"run_id": run_id, "sequence": result.sequence}
    transaction.run_many("results/insert_fold_result", [key | _fold_columns(fold) for fold in folds])
    transaction.run_many("results/insert_held_out_score", [key | vars(score) for score in scores])
    transaction.run_many("results/insert_locked_score", [key | vars(score) for score in locked])


def _fold_columns(result: FoldResult) -> dict[str, Any]:
    curve = [list(point) for point in result.curve]
    return vars(result.metrics) | {"fold": result.fold, "learning_curve": curve}


def of_run(transaction: Transaction, run_id: str) -> dict[MrSequence, SequenceResult]:
    """Return the results of a run by sequence."""
    rows = transaction.all(ResultRow, "results/select_sequence_results", run_id=run_id)
    return {row.sequence: row.result() for row in rows}


def folds(transaction: Transaction, run_id: str) -> BySequence[FoldResult]:
    """Return the folds of a run by sequence."""
    fold, metrics = TypeAdapter(FoldRow), TypeAdapter(Metrics)
    by_sequence: BySequence[FoldResult] = defaultdict(list)
    for columns in map(dict, transaction.rows("results/select_fold_results", run_id=run_id)):
        row = fold.validate_python(columns)
        result = FoldResult(row.fold, metrics.validate_python(columns), row.learning_curve)
        by_sequence[row.sequence].append(result)
    return by_sequence


def scores(transaction: Transaction, run_id: str) -> BySequence[HeldOutScore]:
    """Return the out-of-fold scores of a run by sequence."""
    return _scores(map(dict, transaction.rows("results/select_held_out_scores", run_id=run_id)))


def locked_scores(transaction: Transaction, run_id: str) -> BySequence[HeldOutScore]:
    """Return the scores that the final networks of a run give the locked test set, by sequence."""
    rows = transaction.rows("results/select_locked_scores", run_id=run_id)
    return _scores({**row, "fold": FINAL} for row in rows)


def _scores(rows: Iterable[dict[str, Any]]) -> BySequence[HeldOutScore]:
    score = TypeAdapter(HeldOutScore)
    by_sequence: BySequence[HeldOutScore] = defaultdict(list)
    for columns in rows:
        by_sequence[MrSequence(columns["sequence"])].append(score.validate_python(columns))
    return by_sequence


def save_comparison(transaction: Transaction, run_id: str, comparison: Comparison) -> None:
    """Store the performance of a fusion or a baseline, in place of an earlier one of the same name."""
    columns = performance_columns(comparison.performance)
    stored = {name: columns[name] for name in COMPARISON_COLUMNS}
    transaction.run("results/upsert_comparison_result", run_id=run_id, name=comparison.name, **stored)
