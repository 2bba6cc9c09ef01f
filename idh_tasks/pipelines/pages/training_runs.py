"""Training runs, and the stored report of one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import nan
from typing import Annotated, Any

from pydantic import BeforeValidator, TypeAdapter

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import LeakCheck
from idh_tasks.domain.performance import Interval, Metrics, Spread
from idh_tasks.domain.run_figure import RunFigure
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import ObjectVanishedError
from idh_tasks.pipelines.pages.listing import Listing, listing
from idh_tasks.pipelines.platform import Platform
from idh_tasks.reporting.report import SAME_PRIOR
from idh_tasks.store import keys


def _bounds(stored: Any) -> Any:
    """Return an interval that was stored without bounds, which JSON has as null, as one."""
    return {name: nan if value is None else value for name, value in stored.items()} if stored else None


Stored = Annotated[Interval, BeforeValidator(_bounds)]


@dataclass(frozen=True)
class TrainingRun:
    """A training run with the code of its training, the sequences that were trained, and its present champions."""

    run_id: str
    created_at: datetime
    state: str
    has_report: bool
    code_version: str
    settings: dict[str, Any]
    patients: int | None
    mutants: int | None
    trained: list[MrSequence]
    champions: list[MrSequence]


@dataclass(frozen=True)
class ReportedSequence:
    """The numbers of a sequence in a stored report; `refused` says why it was not trained."""

    sequence: MrSequence
    n: int
    mutants: int
    folds: list[Metrics]
    auc: Stored | None
    delong: Stored | None
    brier: float | None
    ece: float | None
    calibrated_brier: float | None
    locked: str | None
    refused: str | None
    log_loss: float | None = None
    constant_log_loss: float | None = None
    in_the_large: float | None = None
    calibration_slope: float | None = None
    parameters: int | None = None
    spread: Spread | None = None
    checks: list[LeakCheck] = field(default_factory=list)


@dataclass(frozen=True)
class ReportedComparison:
    """The numbers of a baseline or a fusion in a stored report."""

    name: str
    n: int
    mutants: int
    auc: Stored
    brier: float
    ece: float | None
    calibrated_brier: float | None = None
    log_loss: float | None = None
    constant_log_loss: float | None = None


@dataclass(frozen=True)
class Reported:
    """The numbers of a stored report, and the settings of the run."""

    run: Mapping[str, object]
    sequences: list[ReportedSequence]
    comparisons: list[ReportedComparison]
    prior: str = SAME_PRIOR


REPORTED = TypeAdapter(Reported)


def training_runs(platform: Platform, number: int) -> Listing[TrainingRun]:
    """Return one page of training runs, the latest first."""
    with platform.database.begin() as transaction:
        return listing(number, lambda most, start: _runs(transaction, None, most, start))


def training_run(platform: Platform, run_id: str) -> TrainingRun | None:
    """Return a training run, or None."""
    with platform.database.begin() as transaction:
        return next(iter(_runs(transaction, run_id, 1, 0)), None)


def _runs(transaction: Transaction, run_id: str | None, most: int, start: int) -> list[TrainingRun]:
    return transaction.all(TrainingRun, "pages/select_training_runs", run_id=run_id, most=most, start=start)


def reported(platform: Platform, run: TrainingRun) -> Reported | None:
    """Return the numbers of the report of a run, or None if they are not in the store."""
    content = _stored(platform, keys.figures(run.run_id, "report.json")) if run.has_report else None
    return None if content is None else _in_order(REPORTED.validate_json(content))


def _in_order(report: Reported) -> Reported:
    """Return a report with its sequences in the order of the protocol."""
    return replace(report, sequences=sorted(report.sequences, key=lambda row: row.sequence.place))


def figure(platform: Platform, run: TrainingRun, name: RunFigure) -> bytes | None:
    """Return a figure of the report of a run as SVG, or None if it is not in the store."""
    return _stored(platform, keys.figures(run.run_id, name.file_name))


def whole_report(platform: Platform, run: TrainingRun) -> bytes | None:
    """Return the report of a run as one HTML file, or None if it is not in the store."""
    return _stored(platform, keys.report(run.run_id))


def _stored(platform: Platform, key: str) -> bytes | None:
    try:
        return platform.store.get(key)
    except ObjectVanishedError:
        return None
