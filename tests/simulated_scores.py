"""Held-out scores of simulated cohorts whose true AUC is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from idh_tasks.domain.learning import Fold, HeldOutScore, Scheme
from idh_tasks.learning.folds import make_folds

FOLDS = 5
DESIGNS = 20
"""Draws of the folds, over which cohorts are spread."""
OF_PATIENT = 0.5
"""Share of the variance of a score that is the patient's; the rest is the network's, anew in each fold."""


@dataclass(frozen=True)
class Setting:
    """The size of the cohorts, the true AUC, and how patients are held out."""

    mutants: int
    wildtypes: int
    auc: float
    scheme: Scheme = Scheme.STRATIFIED
    repetitions: int = 1

    def labels(self) -> dict[str, bool]:
        """Return patient → mutant."""
        return {f"p{n:05d}": n < self.mutants for n in range(self.mutants + self.wildtypes)}


def cohorts(setting: Setting, count: int, seed: int) -> list[list[HeldOutScore]]:
    """Return the scores of so many cohorts, in folds that the platform has drawn."""
    rng, labels = np.random.default_rng(seed), setting.labels()
    designs = [repeated_folds(labels, setting, seed + number) for number in range(DESIGNS)]
    return [_scores(labels, designs[number % DESIGNS], setting.auc, rng) for number in range(count)]


def repeated_folds(labels: dict[str, bool], setting: Setting, seed: int) -> list[Fold]:
    """Return the folds of all repetitions, whose numbers run on."""
    return [
        replace(fold, number=repetition * FOLDS + fold.number, repetition=repetition)
        for repetition in range(setting.repetitions)
        for fold in make_folds(labels, setting.scheme, FOLDS, seed * 1000 + repetition)
    ]


def _scores(labels: dict[str, bool], folds: Sequence[Fold], auc: float, rng: np.random.Generator) -> list[HeldOutScore]:
    distance = norm.ppf(auc) * np.sqrt(2)
    own = rng.normal(0, np.sqrt(OF_PATIENT), len(labels)) + distance * np.array(list(labels.values()))
    means = dict(zip(labels, own.tolist(), strict=True))
    rows = [(patient, fold) for fold in folds for patient in fold.test]
    noise = rng.normal(0, np.sqrt(1 - OF_PATIENT), len(rows))
    values = norm.cdf(np.array([means[patient] for patient, _ in rows]) + noise).tolist()
    return [
        HeldOutScore(patient, fold.number, labels[patient], value, value, fold.repetition)
        for (patient, fold), value in zip(rows, values, strict=True)
    ]
