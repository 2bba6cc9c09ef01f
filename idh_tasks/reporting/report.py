"""The HTML report of one training run, self-contained."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from idh_tasks.domain.cohort import Demographics
from idh_tasks.domain.learning import Interval, Metrics
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.reporting.paper import TABLE_1

COLUMNS = ("accuracy", "loss", "sensitivity", "specificity", "auc")
NOTICE = "For research use; not for diagnosis."


@dataclass(frozen=True)
class SequenceReport:
    """The numbers of one sequence: per fold, and the out-of-fold AUC with its interval."""

    sequence: MrSequence
    n: int
    mutants: int
    folds: tuple[Metrics, ...]
    auc: Interval | None
    brier: float | None
    refused: str | None = None


@dataclass(frozen=True)
class Figures:
    """The figures as SVG."""

    roc: str
    boxes: str
    learning: str
    patches: str


@dataclass(frozen=True)
class People:
    """Who is in the cohort: its flow as SVG, and age and sex by status."""

    flow: str
    demographics: Sequence[Demographics]


def mean_sd(folds: Sequence[Metrics], column: str) -> str:
    """Return mean ± SD over folds; the SD is no confidence interval."""
    values = [getattr(metrics, column) for metrics in folds]
    return f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"


def table_rows(results: Sequence[SequenceReport]) -> list[dict[str, str]]:
    """Return the rows of Table 1: ours and, in brackets, the paper's."""
    rows = []
    for result in results:
        row = {"sequence": result.sequence.value, "n": f"{result.n} ({result.mutants})"}
        paper = TABLE_1[result.sequence]
        for column in COLUMNS:
            mean, sd = getattr(paper, column)
            ours = mean_sd(result.folds, column) if result.folds else "–"
            row[column], row[f"paper {column}"] = ours, f"{mean:.2f} ± {sd:.2f}"
        row["interval"] = _interval(result)
        rows.append(row)
    return rows


def _interval(result: SequenceReport) -> str:
    if result.auc is None:
        return result.refused or "–"
    return f"{result.auc.value:.2f} [{result.auc.low:.2f}, {result.auc.high:.2f}]"


def render(
    run_id: str,
    kind: str,
    results: Sequence[SequenceReport],
    figures: Figures | None,
    people: People,
    settings: str,
) -> str:
    """Render the report.

    Parameters
    ----------
    kind
        What the data are, such as 'synthetic'; shown in the title wherever numbers stand.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("report.html.j2").render(
        run_id=run_id,
        kind=kind,
        notice=NOTICE,
        rows=table_rows(results),
        results=results,
        columns=COLUMNS,
        figures=figures,
        people=people,
        settings=settings,
    )
