"""Results of training runs: per sequence, per fold, per held-out patient, and comparisons."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter

from idh_tasks.db.engine import Transaction
from idh_tasks.db.result_row import ResultRow, columns_of, performance_columns
from idh_tasks.domain.learning import FINAL, Comparison, FoldResult, HeldOutScore, LearningCurve, SequenceResult
from idh_tasks.domain.performance import STATED, Interval, Metrics, Performance
from idh_tasks.domain.sequence import MrSequence

V = TypeVar("V")
BySequence = dict[MrSequence, list[V]]

COMPARISON_COLUMNS = ("n", "mutants", "auc", "auc_low", "auc_high", "brier", *STATED)


@dataclass(frozen=True)
class ComparisonRow:
    """The columns of a comparison."""

    name: str
    n: int
    mutants: int
    auc: float
    auc_low: float
    auc_high: float
    brier: float
    ece: float
    calibrated_brier: float | None
    log_loss: float | None
    constant_log_loss: float | None
    in_the_large: float | None
    calibration_slope: float | None

    def comparison(self) -> Comparison:
        """Return the value of the row."""
        auc, stated = Interval(self.auc, self.auc_low, self.auc_high), {n: getattr(self, n) for n in STATED}
        return Comparison(self.name, Performance(self.n, self.mutants, auc, self.brier, **stated))


@dataclass(frozen=True)
class FoldRow:
    """The columns of a fold other than its metrics."""

    sequence: MrSequence
    fold: int
    repetition: int
    learning_curve: LearningCurve
    training_curve: LearningCurve


@dataclass(frozen=True)
class Pace:
    """How long a sequence took to train: its patients, and the settings of its run."""

    patients: int
    seconds: float
    device: str
    settings: dict[str, Any]


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
    curves = {"learning_curve": result.curve, "training_curve": result.training_curve}
    points = {name: [list(point) for point in curve] for name, curve in curves.items()}
    return vars(result.metrics) | {"fold": result.fold, "repetition": result.repetition} | points


def of_run(transaction: Transaction, run_id: str) -> dict[MrSequence, SequenceResult]:
    """Return the results of a run by sequence."""
    rows = transaction.all(ResultRow, "results/select_sequence_results", run_id=run_id)
    return {row.sequence: row.result() for row in rows}


def paces(transaction: Transaction) -> list[Pace]:
    """Return how long the sequences that were trained last took."""
    return transaction.all(Pace, "results/select_paces")


def folds(transaction: Transaction, run_id: str) -> BySequence[FoldResult]:
    """Return the folds of a run by sequence."""
    fold, metrics = TypeAdapter(FoldRow), TypeAdapter(Metrics)
    by_sequence: BySequence[FoldResult] = defaultdict(list)
    for columns in map(dict, transaction.rows("results/select_fold_results", run_id=run_id)):
        row = fold.validate_python(columns)
        curves = (row.learning_curve, row.training_curve)
        result = FoldResult(row.fold, metrics.validate_python(columns), *curves, row.repetition)
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


def comparisons(transaction: Transaction, run_id: str) -> list[Comparison]:
    """Return the fusions and baselines of a run, by name."""
    rows = transaction.all(ComparisonRow, "results/select_comparisons", run_id=run_id)
    return [row.comparison() for row in rows]
