"""The HTML report of one training run, as a self-contained file."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idh_tasks.codes import catalogue
from idh_tasks.domain.cohort import Demographics
from idh_tasks.domain.learning import Comparison, RefusedSequence, SequenceResult
from idh_tasks.domain.performance import Interval, Metrics, Performance, Spread
from idh_tasks.reporting.paper import TABLE_1

COLUMNS = ("accuracy", "loss", "sensitivity", "specificity", "auc")
PREDICTIVE = ("ppv", "npv")
"""Columns that the paper does not have."""
PERFORMANCE = (
    "interval",
    "delong",
    "brier",
    "ece",
    "calibrated_brier",
    "log_loss",
    "in_the_large",
    "calibration_slope",
)
NOTICE = "For research use; not for diagnosis."
NONE = "–"
SAME_PRIOR = "that of the training cohort"
"""The share of mutants for which probabilities are stated, unless another one is assumed for the site."""


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
    prior
        The share of mutants for which the champions state probabilities, in words.
    """

    run_id: str
    data_kind: str
    sequences: Sequence[SequenceReport]
    settings: str
    figures: Figures | None = None
    cohort: Cohort | None = None
    comparisons: Sequence[Comparison] = ()
    checklist: Sequence[tuple[str, str]] = ()
    prior: str = SAME_PRIOR


def mean_sd(folds: Sequence[Metrics], column: str) -> str:
    """Return mean ± SD over folds, and over how many if a fold has no value; the SD is not a confidence interval."""
    values = [value for value in (getattr(metrics, column) for metrics in folds) if value is not None]
    if len(values) < 2:
        return NONE
    of_folds = "" if len(values) == len(folds) else f" ({len(values)} of {len(folds)} folds)"
    return f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}{of_folds}"


def table_rows(reports: Sequence[SequenceReport]) -> list[dict[str, str]]:
    """Return the rows of Table 1 by column; the paper's values have the prefix 'paper'."""
    return [_table_1(report) | _out_of_fold(report.result) for report in reports]


def _table_1(report: SequenceReport) -> dict[str, str]:
    sequence, outcome = report.result.sequence, report.result.outcome
    row, paper = {"sequence": sequence.written, "n": f"{outcome.n} ({outcome.mutants})"}, TABLE_1.get(sequence)
    row["parameters"] = NONE if report.result.parameters is None else f"{report.result.parameters:,}"
    for column in (*COLUMNS, *PREDICTIVE):
        row[column] = mean_sd(report.folds, column) if report.folds else NONE
        printed = getattr(paper, column, None)
        row[f"paper {column}"] = "{:.2f} ± {:.2f}".format(*printed) if printed else ""
    return row


def _out_of_fold(result: SequenceResult) -> dict[str, str]:
    outcome = result.outcome
    if isinstance(outcome, RefusedSequence):
        return dict.fromkeys(PERFORMANCE, NONE) | {"interval": str(outcome.refusal)}
    return _performance(outcome)


def _performance(performance: Performance) -> dict[str, str]:
    return {
        "interval": interval_text(performance.auc) + spread_text(performance.spread),
        "delong": interval_text(performance.delong),
        "brier": number_text(performance.brier),
        "ece": number_text(performance.ece),
        "calibrated_brier": number_text(performance.calibrated_brier),
        "log_loss": log_loss_text(performance),
        "in_the_large": NONE if performance.in_the_large is None else f"{performance.in_the_large:+.3f}",
        "calibration_slope": NONE if performance.calibration_slope is None else f"{performance.calibration_slope:.2f}",
    }


def log_loss_text(performance: Performance) -> str:
    """Return the log loss of the stated probabilities beside that of the constant, and whether it is not lower."""
    if performance.log_loss is None:
        return NONE
    beside = f"{performance.log_loss:.3f}, constant {number_text(performance.constant_log_loss)}"
    return f"{beside}: no better than the constant" if performance.behind_the_constant else beside


def prior_text(site_prevalence: float | None) -> str:
    """Return in words the share of mutants that is assumed among the patients of the site."""
    return SAME_PRIOR if site_prevalence is None else f"{site_prevalence:.1%}, as set for the site"


def interval_text(interval: Interval | None) -> str:
    """Return a value with its interval as the report prints it."""
    if interval is None:
        return NONE
    bounds = f"[{interval.low:.2f}, {interval.high:.2f}]" if interval.bounded else "(no interval)"
    return f"{interval.value:.2f} {bounds}"


def spread_text(spread: Spread | None) -> str:
    """Return the spread over repetitions as the report adds it to a value."""
    if spread is None:
        return ""
    return f", {spread.lowest:.2f}–{spread.highest:.2f} in {spread.repetitions} repetitions"


def number_text(value: float | None) -> str:
    """Return a score as the report prints it."""
    return NONE if value is None else f"{value:.3f}"


def render(report: Report) -> str:
    """Render a report as HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {"interval": interval_text, "number": number_text, "log_loss": log_loss_text}
    template = environment.get_template("report.html.j2")
    return template.render(
        report=report,
        rows=table_rows(report.sequences),
        columns=(*COLUMNS, *PREDICTIVE),
        notice=NOTICE,
        meanings={code: entry.meaning for code, entry in catalogue().items()},
    )
