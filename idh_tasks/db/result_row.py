"""A row of ``idh.sequence_result`` and the value that it stands for."""

from dataclasses import dataclass
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.domain.learning import Interval, Performance, Refusal, RefusedSequence, SequenceResult
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
    canary_auc: float | None = None
    canary_low: float | None = None
    canary_high: float | None = None
    worker: str | None = None
    device: str | None = None
    seconds: float | None = None

    def result(self) -> SequenceResult:
        """Return the value of the row."""
        canary = _interval(self.canary_auc, self.canary_low, self.canary_high)
        return SequenceResult(self.sequence, self._outcome(), canary, self.worker, self.device, self.seconds)

    def _outcome(self) -> Performance | RefusedSequence:
        if self.code is not None:
            return RefusedSequence(self.n, self.mutants, Refusal(self.code, self.reason or ""))
        auc = _interval(self.auc, self.auc_low, self.auc_high)
        if auc is None or self.brier is None:
            raise AssertionError(f"{self.sequence} has neither a performance nor a code")
        delong = _interval(self.auc, self.delong_low, self.delong_high)
        return Performance(self.n, self.mutants, auc, self.brier, delong, self.ece, self.calibrated_brier)


NO_VALUES = dict.fromkeys(ResultRow.__dataclass_fields__)


def columns_of(result: SequenceResult) -> dict[str, Any]:
    """Return the columns that store a result."""
    canary, where = result.canary, {"worker": result.worker, "device": result.device, "seconds": result.seconds}
    columns = NO_VALUES | _outcome_columns(result.outcome) | where | {"sequence": result.sequence}
    return columns | _bounds("canary", canary) | {"canary_auc": canary.value if canary else None}


def _outcome_columns(outcome: Performance | RefusedSequence) -> dict[str, Any]:
    if isinstance(outcome, Performance):
        return performance_columns(outcome)
    return {"n": outcome.n, "mutants": outcome.mutants, **vars(outcome.refusal)}


def performance_columns(performance: Performance) -> dict[str, Any]:
    """Return the columns that store a performance."""
    names = ("n", "mutants", "brier", "ece", "calibrated_brier")
    numbers = {name: getattr(performance, name) for name in names} | {"auc": performance.auc.value}
    return numbers | _bounds("auc", performance.auc) | _bounds("delong", performance.delong)


def _bounds(name: str, interval: Interval | None) -> dict[str, float | None]:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _interval(value: float | None, low: float | None, high: float | None) -> Interval | None:
    return None if value is None or low is None or high is None else Interval(value, low, high)
