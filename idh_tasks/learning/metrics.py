"""The columns of the paper's Table 1, the predicted class, and the Brier score of the outputs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from idh_tasks.codes import Code
from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.performance import Metrics
from idh_tasks.errors import RunRefusedError

Array = NDArray[np.float64]

THRESHOLD = 0.5
"""The class predicted for a patient is the larger of the two outputs of the network, as in the paper: mutant from this
probability on, before calibration. A stated probability says how many such patients are mutants, and predicts no class.
"""


def arrays(scores: Sequence[HeldOutScore]) -> tuple[NDArray[np.bool_], Array]:
    """Return (mutant, probability_mutant) of the scores; what rounding has put outside 0 to 1 is clipped."""
    mutant = np.array([score.mutant for score in scores], dtype=bool)
    return mutant, np.clip([score.probability_mutant for score in scores], 0.0, 1.0)


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
    """Return the Brier score, the mean squared error, of the networks' outputs before calibration."""
    return float(brier_score_loss(*arrays(scores)))
