"""Predictions of the champions."""

from collections.abc import Iterable
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import Calibration
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import StudyId


@dataclass(frozen=True)
class DuePrediction:
    """A patch that lacks a prediction of the champion of its sequence.

    Parameters
    ----------
    in_training
        Whether the champion was trained on this patient.
    """

    patch_id: str
    study_id: StudyId
    sequence: MrSequence
    object_key: str
    sha256: str
    model_id: str
    model_key: str
    model_sha256: str
    slope: float
    intercept: float
    in_training: bool

    @property
    def calibration(self) -> Calibration:
        """Return the calibration of the champion."""
        return Calibration(self.slope, self.intercept)


@dataclass(frozen=True)
class Prediction:
    """The output of a champion for a patch, and the probability that is stated for it."""

    patch_id: str
    model_id: str
    study_id: StudyId
    sequence: MrSequence
    probability_mutant: float
    calibrated: float
    in_training: bool


@dataclass(frozen=True)
class PredictionCounts:
    """Numbers of the champions' predictions, of their studies, and of predictions for patients not trained on."""

    predictions: int
    studies: int
    unseen: int


def due(transaction: Transaction, study_id: StudyId) -> list[DuePrediction]:
    """Return the current patches of a study that lack a prediction of a champion, ordered by sequence."""
    return transaction.all(DuePrediction, "predictions/select_predictions_due", study_id=study_id)


def save(transaction: Transaction, predictions: Iterable[Prediction]) -> None:
    """Store predictions; one that is stored already stays."""
    transaction.run_many("predictions/insert_prediction", map(vars, predictions))


def counts(transaction: Transaction) -> PredictionCounts:
    """Count the predictions of the present champions."""
    [counted] = transaction.all(PredictionCounts, "predictions/count_predictions")
    return counted
