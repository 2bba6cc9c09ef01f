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
    delong: Interval | None = None
    ece: float | None = None
    calibrated_brier: float | None = None
    canary: Interval | None = None
    locked: str | None = None
    """What the final network does on the locked test set, where there is one."""


@dataclass(frozen=True)
class Figures:
    """The figures as SVG."""

    roc: str
    boxes: str
    learning: str
    calibration: str
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
        paper = TABLE_1.get(result.sequence)
        for column in COLUMNS:
            row[column] = mean_sd(result.folds, column) if result.folds else "–"
            row[f"paper {column}"] = "{:.2f} ± {:.2f}".format(*getattr(paper, column)) if paper else ""
        row["interval"] = result.refused or interval_text(result.auc)
        row["delong"], row["canary"] = interval_text(result.delong), interval_text(result.canary)
        row["brier"], row["ece"] = _number(result.brier), _number(result.ece)
        row["calibrated_brier"] = _number(result.calibrated_brier)
        rows.append(row)
    return rows


def interval_text(found: Interval | None) -> str:
    """Return a figure with its bounds as the report prints them."""
    return "–" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


@dataclass(frozen=True)
class Comparison:
    """A fusion of sequences, or a baseline: what a single network has to be seen beside."""

    name: str
    n: int
    mutants: int
    auc: Interval
    brier: float
    ece: float

    @property
    def interval(self) -> str:
        """Return the AUC as the report prints it."""
        return interval_text(self.auc)


def render(
    run_id: str,
    kind: str,
    results: Sequence[SequenceReport],
    figures: Figures | None,
    people: People | None,
    settings: str,
    comparisons: Sequence[Comparison] = (),
    checklist: Sequence[tuple[str, str]] = (),
) -> str:
    """Render the report.

    Parameters
    ----------
    kind
        What the data are, such as 'synthetic'; shown in the title wherever numbers stand.
    checklist
        Items of TRIPOD+AI and CLAIM that the run itself can know, with what it knows.
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
        comparisons=comparisons,
        checklist=checklist,
    )
