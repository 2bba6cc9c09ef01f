"""The numbers of a training report as JSON, and its scores as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from typing import Any

from idh_tasks.db.training import Run
from idh_tasks.domain.learning import Comparison, FoldResult, HeldOutScore, RefusedSequence
from idh_tasks.domain.learning_fit import Exponential, NoFit
from idh_tasks.domain.performance import Performance
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.valid_json import valid_json
from idh_tasks.learning.learning_curves import fitted
from idh_tasks.reporting.report import SequenceReport


def report_json(
    run: Run,
    reports: Sequence[SequenceReport],
    folds: Mapping[MrSequence, Sequence[FoldResult]],
    comparisons: Sequence[Comparison],
    prior: str,
) -> bytes:
    """Return all numbers of a report, with the learning curves and their fits; a fit that failed is a sentence."""
    curves = {s: fitted([f.curve for f in own], [f.training_curve for f in own]) for s, own in folds.items()}
    content = {
        "run": asdict(run),
        "prior": prior,
        "sequences": [_sequence(report) for report in reports],
        "comparisons": [_comparison(comparison) for comparison in comparisons],
        "learning_curves": {sequence: own.held_out for sequence, own in curves.items()},
        "training_curves": {sequence: own.training for sequence, own in curves.items()},
        "learning_fits": {sequence: _fit(own.fit) for sequence, own in curves.items()},
    }
    return valid_json(content, indent=1).encode()


def _sequence(report: SequenceReport) -> dict[str, Any]:
    """Return a sequence with the same keys whether it was trained or refused."""
    return _outcome(report.result.outcome) | {
        "sequence": report.result.sequence,
        "parameters": report.result.parameters,
        "folds": [asdict(metrics) | {"ppv": metrics.ppv, "npv": metrics.npv} for metrics in report.folds],
        "checks": [asdict(check) for check in report.result.checks],
        "locked": report.locked,
    }


def _outcome(outcome: Performance | RefusedSequence) -> dict[str, Any]:
    if isinstance(outcome, Performance):
        return asdict(outcome) | {"refused": None}
    sizes = {"n": outcome.n, "mutants": outcome.mutants}
    return dict.fromkeys(Performance.__dataclass_fields__) | sizes | {"refused": str(outcome.refusal)}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    numbers = asdict(comparison.performance)
    return {"name": comparison.name} | {name: number for name, number in numbers.items() if name != "delong"}


def _fit(fit: Exponential | NoFit) -> list[float] | str:
    return [fit.a, fit.b, fit.c] if isinstance(fit, Exponential) else fit.value


def scores_csv(scores: Mapping[MrSequence, Sequence[HeldOutScore]]) -> bytes:
    """Return the out-of-fold scores of all sequences, one per line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("sequence", *HeldOutScore.__dataclass_fields__))
    writer.writerows((sequence, *astuple(score)) for sequence, own in scores.items() for score in own)
    return out.getvalue().encode()
