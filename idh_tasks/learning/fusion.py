"""Fusion of the sequences of a patient into one probability."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.calibration import logit

Scores = Mapping[MrSequence, Sequence[HeldOutScore]]
"""The held-out scores of each sequence."""


@dataclass(frozen=True)
class HeldOutPatient:
    """A patient in a fold that holds them out, with the calibrated probability of each sequence that they have."""

    patient_key: str
    fold: int
    mutant: bool
    probabilities: Mapping[MrSequence, float]

    def score(self, probability: float) -> HeldOutScore:
        """Return the score of the patient for a fused probability."""
        return HeldOutScore(self.patient_key, self.fold, self.mutant, probability, probability)


def mean_fusion(scores: Scores) -> list[HeldOutScore]:
    """Return for each patient the mean of the calibrated probabilities of the sequences that they have."""
    return [
        patient.score(float(np.mean(list(patient.probabilities.values())))) for patient in _held_out_patients(scores)
    ]


def logistic_fusion(scores: Scores) -> list[HeldOutScore]:
    """Return the scores of a logistic regression on all sequences; each fold is predicted by a fit on the others.

    A fold is left out if the other folds lack a class.
    """
    patients, sequences = _held_out_patients(scores), list(scores)
    features = np.array([_features(patient, sequences) for patient in patients])
    folds = np.array([patient.fold for patient in patients])
    mutant = np.array([patient.mutant for patient in patients])
    fused: list[HeldOutScore] = []
    for fold in np.unique(folds).tolist():
        held_out = folds == fold
        if len(np.unique(mutant[~held_out])) == 2:
            regression = LogisticRegression(class_weight="balanced").fit(features[~held_out], mutant[~held_out])
            probabilities = regression.predict_proba(features[held_out])[:, 1]
            chosen = [patient for patient, inside in zip(patients, held_out, strict=True) if inside]
            fused += [patient.score(float(p)) for patient, p in zip(chosen, probabilities, strict=True)]
    return fused


def _held_out_patients(scores: Scores) -> list[HeldOutPatient]:
    """Return one entry for each time a patient was held out, ordered by patient and fold."""
    probabilities: dict[tuple[str, int], dict[MrSequence, float]] = defaultdict(dict)
    mutant: dict[tuple[str, int], bool] = {}
    for sequence, own in scores.items():
        for score in own:
            key = (score.patient_key, score.fold)
            probabilities[key][sequence] = score.calibrated
            mutant[key] = score.mutant
    return [HeldOutPatient(*key, mutant[key], probabilities[key]) for key in sorted(probabilities)]


def _features(patient: HeldOutPatient, sequences: Sequence[MrSequence]) -> NDArray[np.float64]:
    """Return the logit of each sequence, 0 for a missing one, and then an indicator of each missing sequence."""
    known = np.array([patient.probabilities.get(s, 0.5) for s in sequences])
    return np.concatenate([logit(known), [float(s not in patient.probabilities) for s in sequences]])
