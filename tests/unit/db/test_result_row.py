"""A result is the same after it has been stored and read."""

import pytest

from idh_tasks.codes import Code
from idh_tasks.db.result_row import ResultRow, columns_of
from idh_tasks.domain.learning import Interval, Performance, Refusal, RefusedSequence, SequenceResult
from idh_tasks.domain.sequence import MrSequence

AUC, CANARY = Interval(0.8, 0.7, 0.9), Interval(0.5, 0.3, 0.7)
PERFORMANCE = Performance(20, 8, AUC, 0.1, Interval(0.8, 0.6, 0.95), 0.05, 0.09)
OLD_PERFORMANCE = Performance(20, 8, AUC, 0.1)
REFUSED = RefusedSequence(4, 1, Refusal(Code.E_FOLD_DEGENERATE, "1 mutant"))


@pytest.mark.parametrize(
    "result",
    [
        SequenceResult(MrSequence.T1, PERFORMANCE, CANARY, "gpu@host", "GPU", 12.5),
        SequenceResult(MrSequence.RCBV, OLD_PERFORMANCE),
        SequenceResult(MrSequence.ADC, REFUSED),
    ],
    ids=["trained", "trained by an early version", "refused"],
)
def test_a_result_survives_its_row(result: SequenceResult) -> None:
    assert ResultRow(**columns_of(result)).result() == result
