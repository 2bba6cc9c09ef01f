"""Baselines that a network has to beat: a logistic regression on a few numbers per patient."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from idh_tasks.domain.learning import Fold, HeldOutScore
from idh_tasks.learning.calibration import calibrate_scores, prevalence_of

MIN_SPREAD = 1e-7
"""Standard deviation used for a feature that is constant."""

Features = Mapping[str, Sequence[float]]
"""The features of each patient; patients without them are left out."""


def baseline_scores(features: Features, labels: Mapping[str, bool], folds: Sequence[Fold]) -> list[HeldOutScore]:
    """Return the out-of-fold scores of a logistic regression on the same folds as the networks.

    Only the direction of its coefficients orders the patients. Their size and the intercept differ between folds by
    chance, and opposite to the fold that is held out: pooled over folds, they would give noise an AUC below 0.5
    (record 0081). The stated probabilities are calibrated like those of networks. With no features per patient it is
    the majority baseline, which states the share of mutants for everybody.
    """
    scores: list[HeldOutScore] = []
    for fold in folds:
        train = [p for p in fold.train if p in features]
        test = [p for p in fold.test if p in features]
        train_labels = [labels[p] for p in train]
        if not test or len(set(train_labels)) < 2:
            continue
        outputs = _along_the_direction(features, train, train_labels, test)
        scores += [
            HeldOutScore(p, fold.number, labels[p], value, value, fold.repetition)
            for p, value in zip(test, outputs.tolist(), strict=True)
        ]
    return calibrate_scores(scores, prevalence_of(labels, folds))


def _along_the_direction(
    features: Features, train: Sequence[str], train_labels: Sequence[bool], test: Sequence[str]
) -> NDArray[np.float64]:
    """Return σ(direction · features) of the held-out patients; features are scaled alike in all folds, by no label."""
    x = np.array([features[p] for p in (*train, *test)], dtype=np.float64)
    if x.shape[1] == 0:
        return np.full(len(test), 0.5)
    scaled = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), MIN_SPREAD)
    coefficients = LogisticRegression().fit(scaled[: len(train)], train_labels).coef_[0]
    direction = coefficients / max(float(np.linalg.norm(coefficients)), MIN_SPREAD)
    return np.asarray(1 / (1 + np.exp(-(scaled[len(train) :] @ direction))))
