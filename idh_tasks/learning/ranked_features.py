"""Features of patients by rank, in a file: those of all pixels are more than the memory holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from idh_tasks.learning.images import Float, Rows

Array = NDArray[np.float64]

VALUES = 2**22
"""Values of a piece of features, 16 MB."""


@dataclass(frozen=True)
class RankedFeatures:
    """Ranks of patients by each feature (features, n) relative to the mean rank, in a file of float32."""

    path: Path
    shape: tuple[int, int]

    def pieces(self) -> Iterator[tuple[int, Float]]:
        """Yield some features at a time (features, n), with the number of the first."""
        step = max(1, VALUES // self.shape[1])
        for first in range(0, self.shape[0], step):
            yield first, np.array(self._values()[first : first + step])

    def of(self, features: Rows, patients: Rows) -> Float:
        """Return the ranks of some patients by some features (features, patients)."""
        return np.array(self._values()[np.ix_(features, patients)])

    def _values(self, mode: Literal["r", "r+"] = "r") -> Float:
        # A map that stayed open would keep every page in memory that was ever read.
        return np.memmap(self.path, np.float32, mode, shape=self.shape)

    def write(self, first: int, patients: int, values: Array | Float) -> None:
        """Write values (features, n) from this feature and this patient on."""
        of_features = slice(first, first + values.shape[0])
        self._values("r+")[of_features, patients : patients + values.shape[1]] = values


def ranked(blocks: Iterable[Array], patients: int, folder: Path) -> RankedFeatures:
    """Rank features that are given for some patients at a time (some, features); they are stored in the folder."""
    features, at = None, 0
    for block in blocks:
        features = features or _empty(folder / "ranks", (block.shape[1], patients))
        features.write(0, at, block.T)
        at += len(block)
    if features is None:
        raise AssertionError("there are patients")
    for first, values in features.pieces():
        features.write(first, 0, rankdata(values, axis=1) - (patients + 1) / 2)
    return features


def _empty(path: Path, shape: tuple[int, int]) -> RankedFeatures:
    np.memmap(path, np.float32, "w+", shape=shape)
    return RankedFeatures(path, shape)
