"""Baselines that a network has to beat: a logistic regression on a few numbers per patient."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from idh_tasks.domain.learning import Fold, HeldOutScore

MIN_SPREAD = 1e-7
"""Standard deviation used for a feature that is constant in the training part."""

Features = Mapping[str, Sequence[float]]
"""The features of each patient; patients without them are left out."""


def baseline_scores(features: Features, labels: Mapping[str, bool], folds: Sequence[Fold]) -> list[HeldOutScore]:
    """Return the out-of-fold scores of a logistic regression on the same folds as the networks.

    With no features per patient it is the majority baseline: every patient gets the share of mutants in the training
    part of the fold.
    """
    scores: list[HeldOutScore] = []
    for fold in folds:
        train = [p for p in fold.train if p in features]
        test = [p for p in fold.test if p in features]
        train_labels = [labels[p] for p in train]
        if not test or len(set(train_labels)) < 2:
            continue
        scores += [
            HeldOutScore(p, fold.number, labels[p], value, value)
            for p, value in zip(test, _predict(features, train, train_labels, test), strict=True)
        ]
    return scores


def _predict(
    features: Features, train: Sequence[str], train_labels: Sequence[bool], test: Sequence[str]
) -> list[float]:
    x = np.array([features[p] for p in train], dtype=np.float64)
    if x.shape[1] == 0:
        return [float(np.mean(train_labels))] * len(test)
    centre, spread = x.mean(axis=0), np.maximum(x.std(axis=0), MIN_SPREAD)
    model = LogisticRegression().fit((x - centre) / spread, train_labels)
    probabilities = model.predict_proba((np.array([features[p] for p in test]) - centre) / spread)
    return [float(p) for p in probabilities[:, 1]]
