"""A row of ``idh.sequence_result`` and the value that it stands for."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.domain.learning import LeakCheck, Refusal, RefusedSequence, SequenceResult
from idh_tasks.domain.performance import STATED, Interval, Performance, Spread
from idh_tasks.domain.sequence import MrSequence


@dataclass(frozen=True)
class ResultRow:
    """The columns of a result: a performance, or a code and a reason."""

    sequence: MrSequence
    n: int
    mutants: int
    code: Code | None = None
    reason: str | None = None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    delong_low: float | None = None
    delong_high: float | None = None
    brier: float | None = None
    ece: float | None = None
    calibrated_brier: float | None = None
    log_loss: float | None = None
    constant_log_loss: float | None = None
    in_the_large: float | None = None
    calibration_slope: float | None = None
    repetitions: int | None = None
    auc_lowest: float | None = None
    auc_highest: float | None = None
    checks: tuple[LeakCheck, ...] = ()
    worker: str | None = None
    device: str | None = None
    seconds: float | None = None
    parameters: int | None = None

    def result(self) -> SequenceResult:
        """Return the value of the row."""
        where = (self.worker, self.device, self.seconds)
        return SequenceResult(self.sequence, self._outcome(), self.checks, *where, self.parameters)

    def _outcome(self) -> Performance | RefusedSequence:
        if self.code is not None:
            return RefusedSequence(self.n, self.mutants, Refusal(self.code, self.reason or ""))
        auc = _interval(self.auc, self.auc_low, self.auc_high)
        if auc is None or self.brier is None:
            raise AssertionError(f"{self.sequence} has neither a performance nor a code")
        delong = _interval(self.auc, self.delong_low, self.delong_high)
        stated = {name: getattr(self, name) for name in STATED}
        return Performance(self.n, self.mutants, auc, self.brier, delong, **stated, spread=self._spread())

    def _spread(self) -> Spread | None:
        if self.repetitions is None or self.auc_lowest is None or self.auc_highest is None:
            return None
        return Spread(self.repetitions, self.auc_lowest, self.auc_highest)


NO_VALUES = dict.fromkeys(ResultRow.__dataclass_fields__)


def columns_of(result: SequenceResult) -> dict[str, Any]:
    """Return the columns that store a result."""
    names = ("worker", "device", "seconds", "parameters")
    checks = json.dumps([asdict(check) for check in result.checks])
    own = {name: getattr(result, name) for name in names} | {"sequence": result.sequence, "checks": checks}
    return NO_VALUES | _outcome_columns(result.outcome) | own


def _outcome_columns(outcome: Performance | RefusedSequence) -> dict[str, Any]:
    if isinstance(outcome, Performance):
        return performance_columns(outcome)
    return {"n": outcome.n, "mutants": outcome.mutants, **vars(outcome.refusal)}


def performance_columns(performance: Performance) -> dict[str, Any]:
    """Return the columns that store a performance."""
    names = ("n", "mutants", "brier", *STATED)
    numbers = {name: getattr(performance, name) for name in names} | {"auc": performance.auc.value}
    bounds = _bounds("auc", performance.auc) | _bounds("delong", performance.delong)
    return numbers | bounds | _spread_columns(performance.spread)


def _spread_columns(spread: Spread | None) -> dict[str, Any]:
    values = (spread.repetitions, spread.lowest, spread.highest) if spread else (None, None, None)
    return dict(zip(("repetitions", "auc_lowest", "auc_highest"), values, strict=True))


def _bounds(name: str, interval: Interval | None) -> dict[str, float | None]:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _interval(value: float | None, low: float | None, high: float | None) -> Interval | None:
    return None if value is None or low is None or high is None else Interval(value, low, high)
