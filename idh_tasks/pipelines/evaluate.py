"""Evaluate: one HTML report a training run, the paper's table and figures with ours."""

import json
import logging
from collections.abc import Mapping, Sequence

import numpy as np

from idh_tasks.db import training
from idh_tasks.db.training import FoldResult, SequenceResult
from idh_tasks.domain.learning import Member
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.metrics import fit_learning_curve
from idh_tasks.pipelines import cohort
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.preprocess import read_array
from idh_tasks.reporting import figures
from idh_tasks.reporting.flow_figure import flow_figure
from idh_tasks.reporting.report import Figures, People, SequenceReport, render
from idh_tasks.store import keys

log = logging.getLogger(__name__)

SHOWN = 5
"""How many patches of each class the report shows for a sequence."""


def evaluate(platform: Platform, run_id: str) -> str:
    """Write the report of a run and return its key."""
    with platform.database.begin() as transaction:
        run = training.get_run(transaction, run_id)
        results = training.results(transaction, run_id)
        folds = training.folds(transaction, run_id)
        members = training.members(transaction, run_id)
    if run is None or not results:
        raise RunRefusedError("E_NO_RUN", f"run {run_id} has no results to report")
    reports = sequence_reports(results, folds)
    drawn = _figures(platform, run_id, folds, members) if folds else None
    found = cohort.flow(platform)
    people = People(flow_figure(found.steps, found.sequences), found.demographics)
    text = render(run_id, platform.settings.data_kind, reports, drawn, people, json.dumps(run.settings, indent=1))
    key = keys.report(run_id)
    platform.store.put(key, text.encode())
    with platform.database.begin() as transaction:
        transaction.run("update_training_run", run_id=run_id, state="evaluated", report_key=key)
    log.info("report at %s", key)
    return key


def sequence_reports(
    results: Mapping[MrSequence, SequenceResult], folds: Mapping[MrSequence, list[FoldResult]]
) -> list[SequenceReport]:
    """Return what the report says of each sequence, in the order of the paper's Table 1."""
    return [_sequence_report(results[s], folds.get(s, ())) for s in MODEL_SEQUENCES if s in results]


def _sequence_report(result: SequenceResult, folds: Sequence[FoldResult]) -> SequenceReport:
    refused = f"{result.code}: {result.reason}" if result.code else None
    metrics = tuple(fold.metrics for fold in folds)
    return SequenceReport(result.sequence, result.n, result.mutants, metrics, result.auc, result.brier, refused)


def _figures(
    platform: Platform, run_id: str, folds: Mapping[MrSequence, list[FoldResult]], members: Sequence[Member]
) -> Figures:
    shown = [s for s in MODEL_SEQUENCES if s in folds]
    with platform.database.begin() as transaction:
        scores = training.scores(transaction, run_id)
    curves = {s: [fold.curve for fold in folds[s]] for s in shown}
    fits = {s: _fit(curves[s]) for s in shown}
    return Figures(
        roc=figures.roc_figure({s: scores[s] for s in shown}),
        boxes=figures.box_figure({s: [fold.metrics for fold in folds[s]] for s in shown}),
        learning=figures.learning_figure(curves, fits),
        patches=figures.patch_figure({s: _examples(platform, members, s) for s in shown}),
    )


def _fit(curves: Sequence[figures.Curve]) -> figures.Fit | None:
    """Fit the mean curve over folds."""
    points = np.array(curves, dtype=np.float64)
    return fit_learning_curve(points[0, :, 0], points[:, :, 1].mean(axis=0))


def _examples(platform: Platform, members: Sequence[Member], sequence: MrSequence) -> list[figures.Labelled]:
    own = [member for member in members if member.sequence is sequence]
    chosen = [m for m in own if m.mutant][:SHOWN] + [m for m in own if not m.mutant][:SHOWN]
    return [(m.mutant, read_array(platform.store.get_checked(m.object_key, m.sha256))) for m in chosen]
