"""The performance of a set of held-out scores, as reports and tables give it."""

from collections.abc import Sequence

from idh_tasks.domain.learning import HeldOutScore, Performance
from idh_tasks.learning.intervals import bootstrap_interval, delong_interval
from idh_tasks.learning.metrics import brier, calibrated_brier, expected_calibration_error


def assess(scores: Sequence[HeldOutScore], seed: int) -> Performance:
    """Return the performance of scores of both classes.

    Parameters
    ----------
    seed
        Of the bootstrap.
    """
    return Performance(
        n=len(scores),
        mutants=sum(score.mutant for score in scores),
        auc=bootstrap_interval(scores, seed),
        delong=delong_interval(scores),
        brier=brier(scores),
        ece=expected_calibration_error(scores),
        calibrated_brier=calibrated_brier(scores),
    )
