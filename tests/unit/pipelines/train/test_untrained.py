"""The reason why a sequence is not trained names the patients whom a person has to look at."""

from typing import cast

from idh_tasks.codes import Code
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Twins
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.leakage import SameImageError
from idh_tasks.pipelines.train.job import SequenceJob
from idh_tasks.pipelines.train.untrained import MOST_PAIRS, true_reason

NOT_ASKED = cast("Transaction", None)
JOB = SequenceJob("run", MrSequence.T1, [])


def found(pairs: int) -> SameImageError:
    error = SameImageError(Code.E_LEAKAGE, "two patients have the same image")
    error.pairs = tuple(Twins(f"left{n}", f"right{n}", 0.9) for n in range(pairs))
    return error


def test_patients_with_the_same_image_are_named_by_pseudonym() -> None:
    reason = true_reason(NOT_ASKED, JOB, found(2))
    assert "The patients are left0 and right0, left1 and right1. Review asks whether they are two" in reason


def test_of_many_pairs_the_most_similar_are_named() -> None:
    reason = true_reason(NOT_ASKED, JOB, found(MOST_PAIRS + 2))
    assert f"left{MOST_PAIRS - 1} and right{MOST_PAIRS - 1}, and 2 more" in reason
    assert f"left{MOST_PAIRS} " not in reason
