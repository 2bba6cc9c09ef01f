"""Trains the ensembles of the outline: by appearance, and with the context of the answer of the first one."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from idh_tasks.domain.volume import Float
from idh_tasks.imaging.proposal.classifier import Classifier, Classifiers
from idh_tasks.imaging.proposal.features import context, on_grid
from tools.outline_training.perceptron import Sample, fit
from tools.outline_training.voxels import Case, choose

EPOCHS = (6, 8)


def train(cases: Sequence[Case]) -> Classifiers:
    """Return the classifiers; the same cases in the same order give the same ones.

    Each member of an ensemble is trained without one patient. The second ensemble learns from answers about patients
    whom the first one had not seen, since answers about known ones are better than those that it will get.
    """
    rng = np.random.default_rng(0)
    chosen = [_Chosen(case, rng) for case in cases]
    patients = list(dict.fromkeys(case.patient for case in cases))
    first = _ensemble(chosen, [c.appearance for c in chosen], patients, EPOCHS[0])
    without = dict(zip(patients, first, strict=True))
    both = [np.concatenate([c.appearance, c.context(without[c.patient])], axis=1) for c in chosen]
    return Classifiers(first, _ensemble(chosen, both, patients, EPOCHS[1]))


def _ensemble(
    chosen: Sequence["_Chosen"], features: Sequence[Float], patients: Sequence[str], epochs: int
) -> tuple[Classifier, ...]:
    """Leave each patient out of one member; a patient who is alone is kept."""
    members = []
    for seed, patient in enumerate(patients):
        kept = [n for n, c in enumerate(chosen) if c.patient != patient] or list(range(len(chosen)))
        members.append(fit(_sample([chosen[n] for n in kept], [features[n] for n in kept]), epochs, seed))
    return tuple(members)


def _sample(chosen: Sequence["_Chosen"], features: Sequence[Float]) -> Sample:
    tumour, weights = (np.concatenate([getattr(c, name) for c in chosen]) for name in ("tumour", "weights"))
    return Sample(np.concatenate(features), tumour, weights)


class _Chosen:
    """The voxels of one case to learn from."""

    def __init__(self, case: Case, rng: Generator) -> None:
        self._case = case
        self.patient = case.patient
        self._voxels, self.weights = choose(case, rng)
        self.tumour = case.tumour[self._voxels].astype(np.float32)
        self.appearance = case.features[self._voxels].astype(np.float32)

    def context(self, first: Classifier) -> Float:
        """Return what the second ensemble sees of the first one's answer."""
        case = self._case
        probability = on_grid(first.probability(case.features.astype(np.float32)), case.seen.brain)
        return context(probability, case.seen, case.mirror)[self._voxels]
