"""Writes the report of a training run: the paper's table and figures next to ours."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from idh_tasks.codes import Code
from idh_tasks.db import datasets, frozen_cohorts, judgements, results, training, twins
from idh_tasks.db.cohort import CohortCounts
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import Run
from idh_tasks.domain.learning import (
    Comparison,
    FoldResult,
    HeldOutScore,
    Member,
    SequenceResult,
    TwinSearch,
    labels_of,
)
from idh_tasks.domain.run_figure import RunFigure
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.intervals import delong_interval
from idh_tasks.learning.pairs import enough
from idh_tasks.linkage.cohort_flow import cohort_flow
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.checklist import checklist
from idh_tasks.pipelines.train.comparisons import compare
from idh_tasks.pipelines.train.exports import report_json, scores_csv
from idh_tasks.pipelines.train.partitions import partition_of
from idh_tasks.pipelines.train.report_figures import draw_figures
from idh_tasks.reporting.flow_figure import flow_figure
from idh_tasks.reporting.report import Cohort, Figures, Report, SequenceReport, interval_text, prior_text, render
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StoredRun:
    """A run that has results, with everything that the report shows.

    Parameters
    ----------
    cohort
        Counted with the dataset of the run.
    looked
        Whether the run was judged on the locked test set.
    twins
        What its search for patients with the same image has found; None if it is not on record that there was one.
    """

    run: Run
    results: Mapping[MrSequence, SequenceResult]
    folds: Mapping[MrSequence, Sequence[FoldResult]]
    members: Sequence[Member]
    scores: Mapping[MrSequence, Sequence[HeldOutScore]]
    locked: Mapping[MrSequence, Sequence[HeldOutScore]]
    cohort: CohortCounts | None
    looked: bool
    twins: TwinSearch | None


def evaluate(platform: Platform, run_id: str) -> str:
    """Write the report of a run, its numbers as JSON and its scores as CSV; return the key of the report.

    Raises
    ------
    RunRefusedError
        ``E_NO_RUN`` if the run has no results.
    """
    stored = _load(platform, run_id)
    reports = sequence_reports(stored.results, stored.folds, stored.locked, stored.looked)
    comparisons = _compare(platform, stored) if stored.scores else []
    key = keys.report(run_id)
    report = _report(platform, stored, reports, comparisons)
    platform.store.put(key, render(report).encode())
    for figure, drawn in _drawn(report).items():
        platform.store.put(keys.figures(run_id, figure.file_name), drawn.encode())
    numbers = report_json(stored.run, reports, stored.folds, comparisons, report.prior)
    platform.store.put(keys.figures(run_id, "report.json"), numbers)
    platform.store.put(keys.figures(run_id, "scores.csv"), scores_csv(stored.scores))
    with platform.database.begin() as transaction:
        training.set_evaluated(transaction, run_id, key)
    log.info("report at %s", key)
    return key


def comparisons_of(platform: Platform, run_id: str) -> list[Comparison]:
    """Return the fusions and baselines of a run; they are computed if no report has been written yet."""
    known = _known_comparisons(platform, run_id)
    if not known and (stored := _load(platform, run_id)).scores:
        _compare(platform, stored)
        known = _known_comparisons(platform, run_id)  # as every later judgement of the run reads them
    return known


def _known_comparisons(platform: Platform, run_id: str) -> list[Comparison]:
    with platform.database.begin() as transaction:
        return results.comparisons(transaction, run_id)


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
            _frozen(transaction, run_id),
            judgements.locked_looks(transaction, run_id).looked,
            twins.of_run(transaction, run_id),
        )


def _frozen(transaction: Transaction, run_id: str) -> CohortCounts | None:
    dataset = frozen_cohorts.of_run(transaction, run_id)
    return dataset.cohort if dataset else None


def _compare(platform: Platform, stored: StoredRun) -> list[Comparison]:
    labels = labels_of(stored.members)
    settings = LearningSettings.recorded(stored.run.settings)
    with platform.database.begin() as transaction:
        folds = partition_of(transaction, stored.run, stored.members).folds
        return compare(transaction, stored.run.run_id, stored.scores, labels, folds, settings.seed)


def _report(
    platform: Platform, stored: StoredRun, reports: Sequence[SequenceReport], comparisons: Sequence[Comparison]
) -> Report:
    data_kind = platform.settings.data_kind
    return Report(
        stored.run.run_id,
        data_kind,
        reports,
        json.dumps(stored.run.settings, indent=1),
        figures=_figures(platform, stored) if stored.folds else None,
        cohort=_cohort(stored.cohort) if stored.cohort else None,
        comparisons=comparisons,
        prior=prior_text(LearningSettings.recorded(stored.run.settings).site_prevalence),
        checklist=checklist(stored.run, [report.result for report in reports], data_kind, stored.twins),
    )


def _figures(platform: Platform, stored: StoredRun) -> Figures:
    return draw_figures(platform, stored.folds, stored.members, stored.scores, stored.locked)


def _cohort(frozen: CohortCounts) -> Cohort:
    """Return the cohort of the run, not that of the day on which the report is written."""
    return Cohort(flow_figure(cohort_flow(frozen.outcomes), frozen.sequences), frozen.demographics)


def _drawn(report: Report) -> dict[RunFigure, str]:
    """Return the figures of a report, which the pages show one by one."""
    drawn = {figure: getattr(report.figures, figure.value, "") for figure in RunFigure}
    drawn[RunFigure.FLOW] = report.cohort.flow if report.cohort else ""
    return {figure: svg for figure, svg in drawn.items() if svg}


def sequence_reports(
    results: Mapping[MrSequence, SequenceResult],
    folds: Mapping[MrSequence, Sequence[FoldResult]],
    locked: Mapping[MrSequence, Sequence[HeldOutScore]] = MappingProxyType({}),
    looked: bool = False,
) -> list[SequenceReport]:
    """Return the report of each sequence, in the order of the paper's Table 1.

    Parameters
    ----------
    looked
        Whether the locked test set was looked at, so that its figures may be printed.
    """
    return [
        SequenceReport(
            results[s], tuple(fold.metrics for fold in folds.get(s, ())), _locked_text(locked.get(s, ()), looked)
        )
        for s in MODEL_SEQUENCES
        if s in results
    ]


def _locked_text(scores: Sequence[HeldOutScore], looked: bool) -> str | None:
    """Return patients, mutants and AUC of the locked set, or None if it is empty."""
    if not scores:
        return None
    mutants = sum(score.mutant for score in scores)
    size = f"{len(scores)} ({mutants})"
    if mutants in (0, len(scores)):
        return f"{size}, one class only"
    if not enough(scores):
        return f"{size}, too few patients of a class for an AUC with an interval"
    return (
        f"{size}, {interval_text(delong_interval(scores))}" if looked else f"{size}, not looked at before this report"
    )
