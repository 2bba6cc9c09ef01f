"""The weights that `select=inner` keeps: those with the least loss on patients set aside inside the fold."""

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
    """The weights with the least loss so far, and when that was."""

    epoch: int
    loss: float
    weights: Sequence[NDArray[np.float32]]


def set_aside(y: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which patches (n,) to learn from and which to choose by, stratified.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` if a class is too small to be on both sides.
    """
    try:
        learn, choose = train_test_split(np.arange(len(y)), test_size=INNER_SHARE, stratify=y, random_state=seed)
    except ValueError:
        counts = np.bincount(y, minlength=2)
        raise RunRefusedError(
            Code.E_FOLD_DEGENERATE,
            f"select=inner cannot set a fifth of {counts[1]} mutants and {counts[0]} wild types aside in a fold",
        ) from None
    return np.sort(learn), np.sort(choose)


def finished(epoch: int, best: Best | None, settings: LearningSettings) -> bool:
    """Tell whether a training has run its epochs, or has waited long enough for a smaller loss."""
    return epoch >= settings.epochs or (best is not None and epoch - best.epoch >= settings.patience)
