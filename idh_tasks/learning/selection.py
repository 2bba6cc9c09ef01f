"""Early stopping (`select=inner`): the weights kept are those with the least loss on inner patients of the fold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.settings import LearningSettings

INNER_SHARE = 0.2


@dataclass(frozen=True)
class Best:
    """The weights with the least loss so far, with the epoch and the loss."""

    epoch: int
    loss: float
    weights: Sequence[NDArray[np.float32]]


def set_aside(y: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split patches (n,) by class into those to learn from and those to select weights by; return both as indices.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class has too few patches for both parts.
    """
    try:
        learn, select = train_test_split(np.arange(len(y)), test_size=INNER_SHARE, stratify=y, random_state=seed)
    except ValueError:
        counts = np.bincount(y, minlength=2)
        raise RunRefusedError(
            Code.E_FOLD_DEGENERATE,
            f"select=inner cannot set aside a fifth of {counts[1]} mutants and {counts[0]} wild types in a fold",
        ) from None
    return np.sort(learn), np.sort(select)


def finished(epoch: int, best: Best | None, settings: LearningSettings) -> bool:
    """Return whether a training has run all epochs, or `patience` epochs without a smaller loss."""
    return epoch >= settings.epochs or (best is not None and epoch - best.epoch >= settings.patience)
