"""Trains the two classifiers of the outline, one by appearance and one with the context of the first answer."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from idh_tasks.domain.volume import Float
from idh_tasks.imaging.proposal.classifier import Classifier
from idh_tasks.imaging.proposal.features import context, on_grid
from tools.outline_training.perceptron import Sample, fit
from tools.outline_training.voxels import Case, choose

EPOCHS = (6, 8)


def train(cases: Sequence[Case]) -> tuple[Classifier, ...]:
    """Return the classifiers; the same cases in the same order give the same ones."""
    rng = np.random.default_rng(0)
    chosen = [_Chosen(case, rng) for case in cases]
    first = fit(_sample(chosen, [c.appearance for c in chosen]), EPOCHS[0], seed=0)
    both = [np.concatenate([c.appearance, c.context(first)], axis=1) for c in chosen]
    return first, fit(_sample(chosen, both), EPOCHS[1], seed=1)


def _sample(chosen: Sequence["_Chosen"], features: Sequence[Float]) -> Sample:
    tumour, weights = (np.concatenate([getattr(c, name) for c in chosen]) for name in ("tumour", "weights"))
    return Sample(np.concatenate(features), tumour, weights)


class _Chosen:
    """The voxels of one case to learn from."""

    def __init__(self, case: Case, rng: Generator) -> None:
        self._case = case
        self._voxels, self.weights = choose(case, rng)
        self.tumour = case.tumour[self._voxels].astype(np.float32)
        self.appearance = case.features[self._voxels].astype(np.float32)

    def context(self, first: Classifier) -> Float:
        """Return what the second classifier sees of the first one's answer."""
        case = self._case
        probability = on_grid(first.probability(case.features.astype(np.float32)), case.seen.brain)
        return context(probability, case.seen, case.mirror)[self._voxels]
