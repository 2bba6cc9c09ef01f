"""A result is the same after it has been stored and read."""

import json

import pytest
from pydantic import TypeAdapter

from idh_tasks.codes import Code
from idh_tasks.db.result_row import ResultRow, columns_of
from idh_tasks.domain.learning import LeakCheck, Refusal, RefusedSequence, SequenceResult
from idh_tasks.domain.performance import Interval, Performance, Spread
from idh_tasks.domain.sequence import MrSequence

AUC = Interval(0.8, 0.7, 0.9)
CHECKS = (LeakCheck("outline", 0.9, 0.0001, Code.W_CONTROL), LeakCheck("planted twins", None, None, None))
PERFORMANCE = Performance(20, 8, AUC, 0.1, Interval(0.8, 0.6, 0.95), 0.05, 0.09, 0.4, 0.5, -0.01, 0.97)
OLD_PERFORMANCE = Performance(20, 8, AUC, 0.1)
REPEATED = Performance(20, 8, AUC, 0.1, Interval(0.8, 0.6, 0.95), 0.05, 0.09, spread=Spread(3, 0.76, 0.83))
REFUSED = RefusedSequence(4, 1, Refusal(Code.E_FOLD_DEGENERATE, "1 mutant"))


@pytest.mark.parametrize(
    "result",
    [
        SequenceResult(MrSequence.T1, PERFORMANCE, CHECKS, "gpu@host", "GPU", 12.5, 57_000),
        SequenceResult(MrSequence.RCBV, OLD_PERFORMANCE),
        SequenceResult(MrSequence.FLAIR, REPEATED),
        SequenceResult(MrSequence.ADC, REFUSED),
    ],
    ids=["trained", "trained by an early version", "trained in repetitions", "refused"],
)
def test_a_result_survives_its_row(result: SequenceResult) -> None:
    columns = columns_of(result)
    row = TypeAdapter(ResultRow).validate_python(columns | {"checks": json.loads(columns["checks"])})
    assert row.result() == result
