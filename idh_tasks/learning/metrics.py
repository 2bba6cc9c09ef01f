"""The columns of the paper's Table 1, and measures of calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore, Metrics
from idh_tasks.errors import RunRefusedError

Array = NDArray[np.float64]

THRESHOLD = 0.5
BINS = 10


@dataclass(frozen=True)
class Bin:
    """Patients whose probability lies in the same tenth of the scale."""

    patients: int
    stated: float
    observed: float


def arrays(scores: Sequence[HeldOutScore]) -> tuple[NDArray[np.bool_], Array]:
    """Return (mutant, probability_mutant) of the scores."""
    mutant = np.array([score.mutant for score in scores], dtype=bool)
    return mutant, np.array([score.probability_mutant for score in scores])


def measure(scores: Sequence[HeldOutScore]) -> Metrics:
    """Compute accuracy, categorical cross-entropy, sensitivity, specificity and AUC.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class is missing, because there is no AUC then.
    """
    mutant, probability = arrays(scores)
    if mutant.all() or not mutant.any():
        raise RunRefusedError(Code.E_FOLD_DEGENERATE, f"{int(mutant.sum())} mutants among {len(mutant)}: no AUC")
    predicted = probability >= THRESHOLD
    return Metrics(
        n=len(mutant),
        mutants=int(mutant.sum()),
        accuracy=float((predicted == mutant).mean()),
        loss=float(log_loss(mutant, probability)),
        sensitivity=float(predicted[mutant].mean()),
        specificity=float((~predicted[~mutant]).mean()),
        auc=float(roc_auc_score(mutant, probability)),
    )


def brier(scores: Sequence[HeldOutScore]) -> float:
    """Return the Brier score, the mean squared error of the probabilities."""
    return float(brier_score_loss(*arrays(scores)))


def calibrated_brier(scores: Sequence[HeldOutScore]) -> float:
    """Return the Brier score of the probabilities after temperature scaling."""
    return float(brier_score_loss([s.mutant for s in scores], [s.calibrated for s in scores]))


def expected_calibration_error(scores: Sequence[HeldOutScore]) -> float:
    """Return the mean difference between stated probability and observed share over ten bins, weighted by patients."""
    return float(sum(b.patients * abs(b.stated - b.observed) for b in reliability(scores)) / len(scores))


def reliability(scores: Sequence[HeldOutScore]) -> list[Bin]:
    """Return the points of a reliability plot: mean probability and share of mutants in each tenth of the scale."""
    mutant, probability = arrays(scores)
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    return [
        Bin(int(inside.sum()), float(probability[inside].mean()), float(mutant[inside].mean()))
        for inside in (place == number for number in range(BINS))
        if inside.any()
    ]
