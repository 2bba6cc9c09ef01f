"""Cross-validates one sequence and trains its final network: folds in parallel processes, or together on a GPU."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from joblib import Parallel, delayed

from idh_tasks.domain.learning import FINAL, Fold, HeldOutScore
from idh_tasks.learning.calibration import apply_calibration, fit_calibration, prevalence_of, without
from idh_tasks.learning.checkpoints import CheckpointStore, NoCheckpoints
from idh_tasks.learning.fold_training import (
    FoldOutcome,
    FoldTraining,
    TrainingData,
    gpu_present,
    train_fold,
    train_folds_together,
)
from idh_tasks.learning.images import in_one_array
from idh_tasks.learning.leakage import check_disjoint
from idh_tasks.settings import LearningSettings

log = logging.getLogger(__name__)


def cross_validate(
    data: TrainingData,
    settings: LearningSettings,
    checkpoints: CheckpointStore = NoCheckpoints(),  # noqa: B008 - it has no state
    *,
    final: bool = True,
) -> list[FoldOutcome]:
    """Train each fold and, by default, the final network; calibrate each with the scores of the other folds.

    Parameters
    ----------
    checkpoints
        From which each fold resumes after it was killed.
    final
        Whether to train the final network on all patients outside the locked set.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` before any training; otherwise as `training.train`.
    """
    folds = [*data.folds, *([_final_fold(data)] if final else [])]
    check_disjoint(folds)
    log.info("networks to train: %d, %d epochs each", len(folds), settings.epochs)
    started, outcomes = time.monotonic(), []
    shared = replace(data, patches=in_one_array(data.patches))
    for outcome in _train(FoldTraining(shared, settings, checkpoints), folds):
        name, seconds = _name(outcome.number), time.monotonic() - started
        log.info("%s of %d parameters trained after %.0f s", name, outcome.parameters, seconds)
        outcomes.append(outcome)
    return calibrate(outcomes, prevalence_of(data.labels, data.folds))


def _name(fold: int) -> str:
    return "final network" if fold == FINAL else f"fold {fold}"


def _final_fold(data: TrainingData) -> Fold:
    train = tuple(patient for patient in data.labels if patient not in data.locked)
    return Fold(FINAL, train, tuple(patient for patient in data.labels if patient in data.locked))


def _train(training: FoldTraining, folds: Sequence[Fold]) -> Iterator[FoldOutcome]:
    if gpu_present():
        yield from train_folds_together(training, folds)
    else:
        jobs = len(os.sched_getaffinity(0))
        yield from Parallel(n_jobs=jobs, return_as="generator")(delayed(train_fold)(training, fold) for fold in folds)


def calibrate(outcomes: Sequence[FoldOutcome], prevalence: float) -> list[FoldOutcome]:
    """Calibrate the scores of each fold by the held-out scores of other patients, for the prevalence of the cohort.

    A network is overconfident about the patients it was trained on, so that their scores would mislead. A patient who
    is held out by several folds or repetitions never contributes to a calibration of their own scores. The final
    network is calibrated by all out-of-fold scores.
    """
    held_out = [score for outcome in outcomes if outcome.number != FINAL for score in outcome.scores]
    return [_calibrated(outcome, held_out, prevalence) for outcome in outcomes]


def _calibrated(outcome: FoldOutcome, held_out: Sequence[HeldOutScore], prevalence: float) -> FoldOutcome:
    others = without(held_out, {score.patient_key for score in outcome.scores})
    calibration = fit_calibration(others, prevalence)
    return replace(outcome, scores=tuple(apply_calibration(outcome.scores, calibration)), calibration=calibration)
