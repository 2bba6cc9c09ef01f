"""The columns of the paper's Table 1, calibration, and the fit of learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore, Metrics
from idh_tasks.errors import RunRefusedError

Array = NDArray[np.float64]

THRESHOLD = 0.5
BINS = 10


@dataclass(frozen=True)
class Bin:
    """Patients whose probability lies in one tenth of the scale."""

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
        ``E_FOLD_DEGENERATE`` if one class is missing: no AUC is printed then.
    """
    mutant, probability = arrays(scores)
    if mutant.all() or not mutant.any():
        raise RunRefusedError(Code.E_FOLD_DEGENERATE, f"{int(mutant.sum())} mutants among {len(mutant)}: no AUC")
    called = probability >= THRESHOLD
    return Metrics(
        n=len(mutant),
        mutants=int(mutant.sum()),
        accuracy=float((called == mutant).mean()),
        loss=float(log_loss(mutant, probability)),
        sensitivity=float(called[mutant].mean()),
        specificity=float((~called[~mutant]).mean()),
        auc=float(roc_auc_score(mutant, probability)),
    )


def brier(scores: Sequence[HeldOutScore]) -> float:
    """Return the mean squared error of the probabilities."""
    return float(brier_score_loss(*arrays(scores)))


def calibrated_brier(scores: Sequence[HeldOutScore]) -> float:
    """Return the same of the probabilities after temperature scaling."""
    return float(brier_score_loss([s.mutant for s in scores], [s.calibrated for s in scores]))


def expected_calibration_error(scores: Sequence[HeldOutScore]) -> float:
    """Return the mean distance of stated probability and observed share over ten bins, weighed by patients."""
    return float(sum(b.patients * abs(b.stated - b.observed) for b in reliability(scores)) / len(scores))


def reliability(scores: Sequence[HeldOutScore]) -> list[Bin]:
    """Return what a reliability plot shows: by tenths of the scale the mean probability and the share of mutants."""
    mutant, probability = arrays(scores)
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    return [
        Bin(int(here.sum()), float(probability[here].mean()), float(mutant[here].mean()))
        for here in (place == number for number in range(BINS))
        if here.any()
    ]


def exponential(x: Array, a: float, b: float, c: float) -> Array:
    """Return a·e^(−b·x) + c, the paper's equation 1."""
    return np.asarray(a * np.exp(-b * x) + c)


def fit_learning_curve(epochs: Array, loss: Array) -> tuple[float, float, float] | None:
    """Fit the paper's equation 1 to a learning curve; nothing where it does not converge."""
    start = (float(loss[0] - loss[-1]), 3.0 / float(epochs[-1]), float(loss[-1]))
    try:
        (a, b, c), _ = curve_fit(exponential, epochs, loss, p0=start, maxfev=5000)
    except (RuntimeError, OptimizeWarning, ValueError, TypeError):
        return None
    return float(a), float(b), float(c)


def fit_mean_curve(curves: Sequence[Sequence[tuple[int, float]]]) -> tuple[float, float, float] | None:
    """Fit the mean of the folds' learning curves, which share their epochs."""
    points = np.array(curves, dtype=np.float64)
    return fit_learning_curve(points[0, :, 0], points[:, :, 1].mean(axis=0))
