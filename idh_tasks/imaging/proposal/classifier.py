"""Small classifiers of voxels, trained by `python -m tools.outline_training`."""

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from idh_tasks.domain.volume import Float

WEIGHTS = "classifiers.npz"


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
        scaled = (features.astype(np.float64) - self.mean) / self.spread
        hidden = np.maximum(scaled @ self.hidden + self.hidden_bias, 0)
        logit = (hidden @ self.output + self.output_bias)[:, 0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))), dtype=np.float32)


@cache
def trained() -> tuple[Classifier, ...]:
    """Return the classifiers of the package in the order of use: by appearance, then twice with context."""
    with resources.files(__package__).joinpath(WEIGHTS).open("rb") as stream, np.load(stream) as arrays:
        count = sum(name.endswith(".mean") for name in arrays)
        return tuple(Classifier(*(arrays[f"{n}.{field.name}"] for field in fields(Classifier))) for n in range(count))


def save(path: Path, classifiers: tuple[Classifier, ...]) -> None:
    """Write classifiers where `trained` reads them."""
    arrays = {
        f"{n}.{field.name}": getattr(classifier, field.name).astype(np.float32)
        for n, classifier in enumerate(classifiers)
        for field in fields(Classifier)
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)
