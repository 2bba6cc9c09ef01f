"""The HTML report of one training run, as a self-contained file."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idh_tasks.domain.cohort import Demographics
from idh_tasks.domain.learning import Comparison, Interval, Metrics, Performance, RefusedSequence, SequenceResult
from idh_tasks.reporting.paper import TABLE_1

COLUMNS = ("accuracy", "loss", "sensitivity", "specificity", "auc")
PERFORMANCE = ("interval", "delong", "brier", "ece", "calibrated_brier")
NOTICE = "For research use; not for diagnosis."
NONE = "–"


@dataclass(frozen=True)
class SequenceReport:
    """The result of one sequence, its metrics per fold, and its performance on the locked test set in words."""

    result: SequenceResult
    folds: tuple[Metrics, ...]
    locked: str | None = None


@dataclass(frozen=True)
class Figures:
    """The figures of a report as SVG; `patches` may be empty."""

    roc: str
    boxes: str
    learning: str
    calibration: str
    patches: str


@dataclass(frozen=True)
class Cohort:
    """The flow of the cohort as SVG, and age and sex by IDH status."""

    flow: str
    demographics: Sequence[Demographics]


@dataclass(frozen=True)
class Report:
    """The content of a report.

    Parameters
    ----------
    data_kind
        What the data are, such as 'synthetic'; shown at the top.
    settings
        The settings of the run as JSON.
    checklist
        Items of TRIPOD+AI and CLAIM with the run's answers.
    """

    run_id: str
    data_kind: str
    sequences: Sequence[SequenceReport]
    settings: str
    figures: Figures | None = None
    cohort: Cohort | None = None
    comparisons: Sequence[Comparison] = ()
    checklist: Sequence[tuple[str, str]] = ()


def mean_sd(folds: Sequence[Metrics], column: str) -> str:
    """Return mean ± SD over folds; the SD is not a confidence interval."""
    values = [getattr(metrics, column) for metrics in folds]
    return f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"


def table_rows(reports: Sequence[SequenceReport]) -> list[dict[str, str]]:
    """Return the rows of Table 1 by column; the paper's values have the prefix 'paper'."""
    return [_table_1(report) | _out_of_fold(report.result) for report in reports]


def _table_1(report: SequenceReport) -> dict[str, str]:
    sequence, outcome = report.result.sequence, report.result.outcome
    row, paper = {"sequence": sequence.value, "n": f"{outcome.n} ({outcome.mutants})"}, TABLE_1.get(sequence)
    for column in COLUMNS:
        row[column] = mean_sd(report.folds, column) if report.folds else NONE
        row[f"paper {column}"] = "{:.2f} ± {:.2f}".format(*getattr(paper, column)) if paper else ""
    return row


def _out_of_fold(result: SequenceResult) -> dict[str, str]:
    outcome, canary = result.outcome, {"canary": interval_text(result.canary)}
    if isinstance(outcome, RefusedSequence):
        return dict.fromkeys(PERFORMANCE, NONE) | {"interval": str(outcome.refusal)} | canary
    return _performance(outcome) | canary


def _performance(performance: Performance) -> dict[str, str]:
    return {
        "interval": interval_text(performance.auc),
        "delong": interval_text(performance.delong),
        "brier": number_text(performance.brier),
        "ece": number_text(performance.ece),
        "calibrated_brier": number_text(performance.calibrated_brier),
    }


def interval_text(interval: Interval | None) -> str:
    """Return a value with its interval as the report prints it."""
    return NONE if interval is None else f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def number_text(value: float | None) -> str:
    """Return a score as the report prints it."""
    return NONE if value is None else f"{value:.3f}"


def render(report: Report) -> str:
    """Render a report as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"interval": interval_text, "number": number_text}
    template = environment.get_template("report.html.j2")
    return template.render(report=report, rows=table_rows(report.sequences), columns=COLUMNS, notice=NOTICE)
