"""Evaluate: one HTML report a training run, the paper's table and figures with ours."""

import csv
import io
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from types import MappingProxyType

from idh_tasks.codes import Code
from idh_tasks.db import training
from idh_tasks.db.training import FoldResult, Run, SequenceResult
from idh_tasks.domain.learning import HeldOutScore, Member, Selection
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import folds_of
from idh_tasks.learning.intervals import delong
from idh_tasks.learning.metrics import fit_mean_curve
from idh_tasks.pipelines.link import cohort
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.comparisons import compare
from idh_tasks.reporting import figures
from idh_tasks.reporting.flow_figure import flow_figure
from idh_tasks.reporting.report import Comparison, Figures, People, SequenceReport, interval_text, render
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys
from idh_tasks.store.arrays import read_array

log = logging.getLogger(__name__)

SHOWN = 5
"""How many patches of each class the report shows for a sequence."""

SELECTION = {
    Selection.LAST: "fixed number of epochs, last weights",
    Selection.INNER: "early stopping by the loss on a fifth of each fold's training patients",
}


def evaluate(platform: Platform, run_id: str) -> str:
    """Write the report of a run, its numbers as JSON and its scores as CSV; return the key of the report."""
    with platform.database.begin() as transaction:
        run = training.get_run(transaction, run_id)
        results = training.results(transaction, run_id)
        folds = training.folds(transaction, run_id)
        members = training.members(transaction, run_id)
        scores = training.scores(transaction, run_id)
        locked = training.locked_scores(transaction, run_id)
    if run is None or not results:
        raise RunRefusedError(Code.E_NO_RUN, f"run {run_id} has no results to report")
    reports = sequence_reports(results, folds, locked)
    drawn = _figures(platform, folds, members, scores) if folds else None
    compared = _compared(platform, run, members, scores) if scores else []
    found = cohort.flow(platform)
    people = People(flow_figure(found.steps, found.sequences), found.demographics)
    text = render(
        run_id,
        platform.settings.data_kind,
        reports,
        drawn,
        people,
        json.dumps(run.settings, indent=1),
        compared,
        checklist(run, reports, platform.settings.data_kind),
    )
    key = keys.report(run_id)
    platform.store.put(key, text.encode())
    platform.store.put(keys.figures(run_id, "report.json"), _as_json(run, reports, folds, compared))
    platform.store.put(keys.figures(run_id, "scores.csv"), _as_csv(scores))
    with platform.database.begin() as transaction:
        transaction.run("training/update_training_run", run_id=run_id, state="evaluated", report_key=key)
    log.info("report at %s", key)
    return key


def _compared(
    platform: Platform, run: Run, members: Sequence[Member], scores: Mapping[MrSequence, Sequence[HeldOutScore]]
) -> list[Comparison]:
    labels = {member.patient_key: member.mutant for member in members}
    settings = LearningSettings.model_validate(run.settings)
    with platform.database.begin() as transaction:
        return compare(transaction, run.run_id, scores, labels, folds_of(labels, settings), settings.seed)


def checklist(run: Run, reports: Sequence[SequenceReport], kind: str) -> list[tuple[str, str]]:
    """Return the items of TRIPOD+AI (2024) and CLAIM (2024) that a run can know of itself, with what it knows."""
    settings = LearningSettings.model_validate(run.settings)
    sizes = ", ".join(f"{r.sequence} {r.n} ({r.mutants} mutant)" for r in reports)
    refused = "; ".join(f"{r.sequence}: {r.refused}" for r in reports if r.refused)
    return [
        ("Source of data", f"{kind}; dataset {run.dataset_id}, frozen before training"),
        ("Sample size", sizes),
        ("Missing data", refused or "every sequence was trained on the patients who have it; none is imputed"),
        ("Outcome", "IDH status by immunohistochemistry and sequencing; indeterminate ones are left out"),
        (
            "Partitions",
            f"{settings.scheme}, {settings.folds} folds, disjoint by patient and by image; "
            f"{settings.locked_share:.0%} of patients locked away as a test set",
        ),
        ("Model", f"filters {settings.filters}, dense {settings.dense}, two outputs by softmax"),
        ("Training", f"Adam {settings.learning_rate}, {settings.epochs} epochs, batch {settings.batch_size}"),
        ("Selection", SELECTION[settings.select] + ": held-out patients choose nothing"),
        ("Performance", "out of fold, with bootstrap and DeLong intervals over patients; calibration beside it"),
        ("External validation", "none"),
        ("Intended use", "research only"),
    ]


def _as_json(
    run: Run,
    reports: Sequence[SequenceReport],
    folds: Mapping[MrSequence, list[FoldResult]],
    compared: Sequence[Comparison],
) -> bytes:
    """Return all numbers of the report, learning curves and their fits among them."""
    curves = {s: [fold.curve for fold in found] for s, found in folds.items()}
    content = {
        "run": asdict(run),
        "sequences": [asdict(report) for report in reports],
        "comparisons": [asdict(one) for one in compared],
        "learning_curves": curves,
        "learning_fits": {s: fit_mean_curve(found) for s, found in curves.items()},
    }
    return json.dumps(content, indent=1).encode()


def _as_csv(scores: Mapping[MrSequence, Sequence[HeldOutScore]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("sequence", *HeldOutScore.__dataclass_fields__))
    writer.writerows((sequence, *astuple(score)) for sequence, given in scores.items() for score in given)
    return out.getvalue().encode()


def sequence_reports(
    results: Mapping[MrSequence, SequenceResult],
    folds: Mapping[MrSequence, list[FoldResult]],
    locked: Mapping[MrSequence, Sequence[HeldOutScore]] = MappingProxyType({}),
) -> list[SequenceReport]:
    """Return what the report says of each sequence, in the order of the paper's Table 1."""
    return [_sequence_report(results[s], folds.get(s, ()), locked.get(s, ())) for s in MODEL_SEQUENCES if s in results]


def _locked(scores: Sequence[HeldOutScore]) -> str | None:
    """Return patients, mutants and AUC of the locked set in words."""
    if not scores:
        return None
    mutants = sum(score.mutant for score in scores)
    size = f"{len(scores)} ({mutants})"
    if mutants in (0, len(scores)):
        return f"{size}, one class only"
    return f"{size}, {interval_text(delong(scores))}"


def _sequence_report(
    result: SequenceResult, folds: Sequence[FoldResult], locked: Sequence[HeldOutScore]
) -> SequenceReport:
    return SequenceReport(
        sequence=result.sequence,
        n=result.n,
        mutants=result.mutants,
        folds=tuple(fold.metrics for fold in folds),
        auc=result.auc,
        brier=result.brier,
        refused=f"{result.code}: {result.reason}" if result.code else None,
        delong=result.delong,
        ece=result.ece,
        calibrated_brier=result.calibrated_brier,
        canary=result.canary,
        locked=_locked(locked),
    )


def _figures(
    platform: Platform,
    folds: Mapping[MrSequence, list[FoldResult]],
    members: Sequence[Member],
    scores: Mapping[MrSequence, Sequence[HeldOutScore]],
) -> Figures:
    shown = [s for s in MODEL_SEQUENCES if s in folds]
    curves = {s: [fold.curve for fold in folds[s]] for s in shown}
    fits = {s: fit_mean_curve(curves[s]) for s in shown}
    return Figures(
        roc=figures.roc_figure({s: scores[s] for s in shown}),
        boxes=figures.box_figure({s: [fold.metrics for fold in folds[s]] for s in shown}),
        learning=figures.learning_figure(curves, fits),
        calibration=figures.calibration_figure({s: scores[s] for s in shown}),
        patches=figures.patch_figure({s: _examples(platform, members, s) for s in shown}),
    )


def _examples(platform: Platform, members: Sequence[Member], sequence: MrSequence) -> list[figures.Labelled]:
    own = [member for member in members if member.sequence is sequence]
    chosen = [m for m in own if m.mutant][:SHOWN] + [m for m in own if not m.mutant][:SHOWN]
    return [(m.mutant, read_array(platform.store.get_checked(m.object_key, m.sha256))) for m in chosen]
