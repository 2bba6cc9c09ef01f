"""The numbers of a training report as JSON, and its scores as CSV."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any

from idh_tasks.db.training import Run
from idh_tasks.domain.learning import Comparison, FoldResult, HeldOutScore, Performance, RefusedSequence
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.learning_curves import fit_mean_curve
from idh_tasks.reporting.report import SequenceReport


def report_json(
    run: Run,
    reports: Sequence[SequenceReport],
    folds: Mapping[MrSequence, Sequence[FoldResult]],
    comparisons: Sequence[Comparison],
) -> bytes:
    """Return all numbers of a report, with the learning curves and their fits."""
    curves = {sequence: [fold.curve for fold in own] for sequence, own in folds.items()}
    content = {
        "run": asdict(run),
        "sequences": [_sequence(report) for report in reports],
        "comparisons": [_comparison(comparison) for comparison in comparisons],
        "learning_curves": curves,
        "learning_fits": {sequence: fit_mean_curve(own) for sequence, own in curves.items()},
    }
    return json.dumps(content, indent=1).encode()


def _sequence(report: SequenceReport) -> dict[str, Any]:
    """Return a sequence with the same keys whether it was trained or refused."""
    canary = report.result.canary
    return _outcome(report.result.outcome) | {
        "sequence": report.result.sequence,
        "folds": [asdict(metrics) for metrics in report.folds],
        "canary": asdict(canary) if canary else None,
        "locked": report.locked,
    }


def _outcome(outcome: Performance | RefusedSequence) -> dict[str, Any]:
    if isinstance(outcome, Performance):
        return asdict(outcome) | {"refused": None}
    sizes = {"n": outcome.n, "mutants": outcome.mutants}
    return dict.fromkeys(Performance.__dataclass_fields__) | sizes | {"refused": str(outcome.refusal)}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    numbers = asdict(comparison.performance)
    return {"name": comparison.name} | {name: numbers[name] for name in ("n", "mutants", "auc", "brier", "ece")}


def scores_csv(scores: Mapping[MrSequence, Sequence[HeldOutScore]]) -> bytes:
    """Return the out-of-fold scores of all sequences, one per line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("sequence", *HeldOutScore.__dataclass_fields__))
    writer.writerows((sequence, *astuple(score)) for sequence, own in scores.items() for score in own)
    return out.getvalue().encode()
