"""Temperature scaling, fusion over sequences, and the baselines that a network has to beat."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from idh_tasks.domain.learning import Fold, HeldOutScore
from idh_tasks.domain.sequence import MrSequence

Array = NDArray[np.float64]

COLDEST, HOTTEST = 0.05, 20.0
EDGE = 1e-7


def logit(probability: Array) -> Array:
    """Return log(p / (1 − p)), finite at the ends."""
    inner = np.clip(probability, EDGE, 1 - EDGE)
    return np.asarray(np.log(inner / (1 - inner)))


def fit_temperature(probability: Array, mutant: NDArray[np.bool_]) -> float:
    """Return the temperature T that makes σ(logit p / T) fit best (Guo et al., ICML 2017); 1 if a class is missing.

    Parameters
    ----------
    probability, mutant
        Of patients from whom the networks that gave these probabilities have not learnt.
    """
    if len(np.unique(mutant)) < 2:
        return 1.0
    given = logit(probability)

    def misfit(log_temperature: float) -> float:
        return float(log_loss(mutant, cooled(given, np.exp(log_temperature)), labels=[False, True]))

    found = minimize_scalar(misfit, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def cooled(given: Array, temperature: float) -> Array:
    """Return probabilities from logits at a temperature."""
    return np.asarray(1 / (1 + np.exp(-given / temperature)))


def fused(scores: Mapping[MrSequence, Sequence[HeldOutScore]]) -> list[HeldOutScore]:
    """Return for each patient the mean of the calibrated probabilities of those sequences that she has."""
    return [
        HeldOutScore(first.patient_key, first.fold, first.mutant, p := float(np.mean(list(row.values()))), p)
        for (first, row) in _by_patient(scores)
    ]


def stacked(scores: Mapping[MrSequence, Sequence[HeldOutScore]]) -> list[HeldOutScore]:
    """Return a logistic stack of the sequences, each fold predicted by a stack fitted on the others."""
    rows = _by_patient(scores)
    sequences = list(scores)
    features = np.array([_features(row, sequences) for _, row in rows])
    folds = np.array([first.fold for first, _ in rows])
    mutant = np.array([first.mutant for first, _ in rows])
    out = []
    for fold in np.unique(folds).tolist():
        here = folds == fold
        if len(np.unique(mutant[~here])) == 2:
            stack = LogisticRegression(class_weight="balanced").fit(features[~here], mutant[~here])
            given = stack.predict_proba(features[here])[:, 1]
            chosen = [first for (first, _), inside in zip(rows, here, strict=True) if inside]
            out += [
                HeldOutScore(first.patient_key, fold, first.mutant, float(p), float(p))
                for first, p in zip(chosen, given, strict=True)
            ]
    return out


def _by_patient(
    scores: Mapping[MrSequence, Sequence[HeldOutScore]],
) -> list[tuple[HeldOutScore, dict[MrSequence, float]]]:
    """Return a row for every time a patient was held out, with a probability of each sequence that she has."""
    rows: dict[tuple[str, int], dict[MrSequence, float]] = defaultdict(dict)
    heads: dict[tuple[str, int], HeldOutScore] = {}
    for sequence, given in scores.items():
        for score in given:
            key = (score.patient_key, score.fold)
            rows[key][sequence] = score.calibrated
            heads[key] = score
    return [(heads[key], rows[key]) for key in sorted(rows)]


def _features(row: Mapping[MrSequence, float], sequences: Sequence[MrSequence]) -> Array:
    """Return logits, 0 where a sequence is missing, and which are missing."""
    given = np.array([row.get(s, 0.5) for s in sequences])
    return np.concatenate([logit(given), [float(s not in row) for s in sequences]])


def baseline(
    features: Mapping[str, Sequence[float]], labels: Mapping[str, bool], folds: Sequence[Fold]
) -> list[HeldOutScore]:
    """Return the out-of-fold scores of a logistic regression on a few numbers a patient, on the same folds.

    Without any number it is the majority class: every patient gets the share of mutants in the training fold.
    """
    out = []
    for fold in folds:
        train = [p for p in fold.train if p in features]
        test = [p for p in fold.test if p in features]
        known = [labels[p] for p in train]
        if not test or len(set(known)) < 2:
            continue
        out += [
            HeldOutScore(p, fold.number, labels[p], value, value)
            for p, value in zip(test, _predicted(features, train, known, test), strict=True)
        ]
    return out


def _predicted(
    features: Mapping[str, Sequence[float]], train: Sequence[str], known: Sequence[bool], test: Sequence[str]
) -> list[float]:
    x = np.array([features[p] for p in train], dtype=np.float64)
    if x.shape[1] == 0:
        return [float(np.mean(known))] * len(test)
    centre, spread = x.mean(axis=0), np.maximum(x.std(axis=0), EDGE)
    model = LogisticRegression().fit((x - centre) / spread, known)
    given = model.predict_proba((np.array([features[p] for p in test]) - centre) / spread)
    return [float(p) for p in given[:, 1]]
