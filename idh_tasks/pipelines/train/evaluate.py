"""Writes the report of a training run: the paper's table and figures next to ours."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from idh_tasks.codes import Code
from idh_tasks.db import datasets, results, training
from idh_tasks.db.training import Run
from idh_tasks.domain.learning import Comparison, FoldResult, HeldOutScore, Member, SequenceResult, labels_of
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.folds import folds_of
from idh_tasks.learning.intervals import delong_interval
from idh_tasks.pipelines.link import cohort
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.checklist import checklist
from idh_tasks.pipelines.train.comparisons import compare
from idh_tasks.pipelines.train.exports import report_json, scores_csv
from idh_tasks.pipelines.train.report_figures import draw_figures
from idh_tasks.reporting.flow_figure import flow_figure
from idh_tasks.reporting.report import Cohort, Report, SequenceReport, interval_text, render
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredRun:
    """A run that has results, with everything that the report shows."""

    run: Run
    results: Mapping[MrSequence, SequenceResult]
    folds: Mapping[MrSequence, Sequence[FoldResult]]
    members: Sequence[Member]
    scores: Mapping[MrSequence, Sequence[HeldOutScore]]
    locked: Mapping[MrSequence, Sequence[HeldOutScore]]


def evaluate(platform: Platform, run_id: str) -> str:
    """Write the report of a run, its numbers as JSON and its scores as CSV; return the key of the report.

    Raises
    ------
    RunRefusedError
        ``E_NO_RUN`` if the run has no results.
    """
    stored = _load(platform, run_id)
    reports = sequence_reports(stored.results, stored.folds, stored.locked)
    comparisons = _compare(platform, stored) if stored.scores else []
    key = keys.report(run_id)
    platform.store.put(key, render(_report(platform, stored, reports, comparisons)).encode())
    numbers = report_json(stored.run, reports, stored.folds, comparisons)
    platform.store.put(keys.figures(run_id, "report.json"), numbers)
    platform.store.put(keys.figures(run_id, "scores.csv"), scores_csv(stored.scores))
    with platform.database.begin() as transaction:
        training.set_evaluated(transaction, run_id, key)
    log.info("report at %s", key)
    return key


def _load(platform: Platform, run_id: str) -> StoredRun:
    with platform.database.begin() as transaction:
        run = training.get_run(transaction, run_id)
        by_sequence = results.of_run(transaction, run_id)
        if run is None or not by_sequence:
            raise RunRefusedError(Code.E_NO_RUN, f"run {run_id} has no results to report")
        return StoredRun(
            run,
            by_sequence,
            results.folds(transaction, run_id),
            datasets.members(transaction, run_id),
            results.scores(transaction, run_id),
            results.locked_scores(transaction, run_id),
        )


def _compare(platform: Platform, stored: StoredRun) -> list[Comparison]:
    labels = labels_of(stored.members)
    settings = LearningSettings.model_validate(stored.run.settings)
    folds = folds_of(labels, settings)
    with platform.database.begin() as transaction:
        return compare(transaction, stored.run.run_id, stored.scores, labels, folds, settings.seed)


def _report(
    platform: Platform, stored: StoredRun, reports: Sequence[SequenceReport], comparisons: Sequence[Comparison]
) -> Report:
    flow, data_kind = cohort.flow(platform), platform.settings.data_kind
    return Report(
        stored.run.run_id,
        data_kind,
        reports,
        json.dumps(stored.run.settings, indent=1),
        figures=draw_figures(platform, stored.folds, stored.members, stored.scores) if stored.folds else None,
        cohort=Cohort(flow_figure(flow.steps, flow.sequences), flow.demographics),
        comparisons=comparisons,
        checklist=checklist(stored.run, [report.result for report in reports], data_kind),
    )


def sequence_reports(
    results: Mapping[MrSequence, SequenceResult],
    folds: Mapping[MrSequence, Sequence[FoldResult]],
    locked: Mapping[MrSequence, Sequence[HeldOutScore]] = MappingProxyType({}),
) -> list[SequenceReport]:
    """Return the report of each sequence, in the order of the paper's Table 1."""
    return [
        SequenceReport(results[s], tuple(fold.metrics for fold in folds.get(s, ())), _locked_text(locked.get(s, ())))
        for s in MODEL_SEQUENCES
        if s in results
    ]


def _locked_text(scores: Sequence[HeldOutScore]) -> str | None:
    """Return patients, mutants and AUC of the locked set, or None if it is empty."""
    if not scores:
        return None
    mutants = sum(score.mutant for score in scores)
    size = f"{len(scores)} ({mutants})"
    if mutants in (0, len(scores)):
        return f"{size}, one class only"
    return f"{size}, {interval_text(delong_interval(scores))}"
