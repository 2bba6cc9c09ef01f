"""Small classifiers of voxels, trained by `python -m tools.outline_training`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.volume import Float

Real = NDArray[np.floating]

WEIGHTS = "classifiers.npz"
FARTHEST = 4.0
"""Features farther from the mean of the training than this many standard deviations count as this far."""


@dataclass(frozen=True)
class Classifier:
    """A perceptron with one hidden layer of rectified units and one logistic output, of type float32."""

    mean: Float
    spread: Float
    hidden: Float
    hidden_bias: Float
    output: Float
    output_bias: Float

    def probability(self, features: Float) -> Float:
        """Return the probability of the lesion for features of shape (voxels, features)."""
        # Sums in double precision do not depend on the processor after they are rounded.
        hidden = np.maximum(standardised(features, self.mean, self.spread) @ self.hidden + self.hidden_bias, 0)
        logit = (hidden @ self.output + self.output_bias)[:, 0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), dtype=np.float32)


@dataclass(frozen=True)
class Classifiers:
    """Two ensembles in the order of use; each member was trained without another patient."""

    by_appearance: tuple[Classifier, ...]
    in_context: tuple[Classifier, ...]


def standardised(features: Real, mean: Real, spread: Real) -> NDArray[np.float64]:
    """Return features in double precision and in standard deviations of the training, within bounds."""
    return np.asarray(np.clip((features.astype(np.float64) - mean) / spread, -FARTHEST, FARTHEST))


def answers(ensemble: Sequence[Classifier], features: Float) -> Float:
    """Return the probabilities by each member, of shape (members, voxels)."""
    return np.stack([member.probability(features) for member in ensemble])


@cache
def trained() -> Classifiers:
    """Return the classifiers of the package."""
    with resources.files(__package__).joinpath(WEIGHTS).open("rb") as stream, np.load(stream) as arrays:
        return Classifiers(*(_ensemble(arrays, field.name) for field in fields(Classifiers)))


def save(path: Path, classifiers: Classifiers) -> None:
    """Write classifiers where `trained` reads them."""
    arrays = {
        f"{ensemble.name}.{field.name}": np.stack(
            [getattr(member, field.name) for member in getattr(classifiers, ensemble.name)]
        ).astype(np.float32)
        for ensemble in fields(Classifiers)
        for field in fields(Classifier)
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _ensemble(arrays: np.lib.npyio.NpzFile, name: str) -> tuple[Classifier, ...]:
    columns = [arrays[f"{name}.{field.name}"] for field in fields(Classifier)]
    return tuple(Classifier(*member) for member in zip(*columns, strict=True))
