"""The canary: a network trained on shuffled labels must not predict them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from idh_tasks.domain.learning import Interval
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.intervals import null_interval
from idh_tasks.learning.metrics import measure
from idh_tasks.settings import LearningSettings


def canary_auc(data: TrainingData, settings: LearningSettings) -> Interval | None:
    """Return the AUC of a short cross-validation on shuffled labels, with the interval that chance alone gives.

    Chance exceeds the upper bound once in forty times, so labels are shuffled once more if it does; a leak exceeds it
    again. Returns None if the canary is switched off, or if the held-out patients lack a class.
    """
    if not settings.canary_epochs:
        return None
    first = _auc_on_shuffled_labels(data, settings, settings.seed)
    if first is None or first.value <= first.high:
        return first
    return _auc_on_shuffled_labels(data, settings, settings.seed + 1)


def shuffled(labels: Mapping[str, bool], seed: int) -> dict[str, bool]:
    """Return the same labels, assigned to other patients."""
    order = np.random.default_rng(seed).permutation(list(labels.values()))
    return dict(zip(labels, map(bool, order), strict=True))


def _auc_on_shuffled_labels(data: TrainingData, settings: LearningSettings, seed: int) -> Interval | None:
    labels = shuffled(data.labels, seed)
    folds = [fold for fold in data.folds if len({labels[p] for p in fold.train}) == 2]
    short = settings.model_copy(update={"epochs": settings.canary_epochs})
    outcomes = cross_validate(replace(data, labels=labels, folds=folds), short, final=False)
    scores = [score for outcome in outcomes for score in outcome.scores]
    mutants = sum(score.mutant for score in scores)
    if not 0 < mutants < len(scores):
        return None
    chance = null_interval(mutants, len(scores) - mutants, seed)
    return Interval(measure(scores).auc, chance.low, chance.high)
