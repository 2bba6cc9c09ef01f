"""Cross-validates one sequence and trains its final network: folds in parallel processes, or together on a GPU."""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from joblib import Parallel, delayed

from idh_tasks.domain.learning import FINAL, Fold
from idh_tasks.learning.calibration import apply_temperature, fit_temperature, logit
from idh_tasks.learning.checkpoints import CheckpointStore, NoCheckpoints
from idh_tasks.learning.fold_training import (
    FoldOutcome,
    FoldTraining,
    TrainingData,
    gpu_present,
    train_fold,
    train_folds_together,
)
from idh_tasks.learning.folds import locked_patients
from idh_tasks.learning.leakage import check_disjoint
from idh_tasks.learning.metrics import arrays
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
    folds = [*data.folds, *([_final_fold(data, settings)] if final else [])]
    check_disjoint(data.patches, folds)
    started, outcomes = time.monotonic(), []
    for outcome in _train(FoldTraining(data, settings, checkpoints), folds):
        log.info("fold %s trained after %.0f s", outcome.number, time.monotonic() - started)
        outcomes.append(outcome)
    return calibrate(outcomes)


def _final_fold(data: TrainingData, settings: LearningSettings) -> Fold:
    locked = locked_patients(data.labels, settings.locked_share)
    return Fold(FINAL, tuple(sorted(set(data.labels) - locked)), tuple(sorted(locked)))


def _train(training: FoldTraining, folds: Sequence[Fold]) -> Iterator[FoldOutcome]:
    if gpu_present():
        yield from train_folds_together(training, folds)
    else:
        jobs = len(os.sched_getaffinity(0))
        yield from Parallel(n_jobs=jobs, return_as="generator")(delayed(train_fold)(training, fold) for fold in folds)


def calibrate(outcomes: Sequence[FoldOutcome]) -> list[FoldOutcome]:
    """Scale the scores of each fold by a temperature fitted on the scores of the other folds.

    A network is overconfident about the patients it was trained on, so that their scores would give a wrong
    temperature. The temperature of the final network is fitted on all out-of-fold scores.
    """
    held_out = [outcome for outcome in outcomes if outcome.number != FINAL]
    return [_scaled(outcome, _temperature(outcome, held_out)) for outcome in outcomes]


def _temperature(of: FoldOutcome, held_out: Sequence[FoldOutcome]) -> float:
    """Fit on the scores of the other folds, without the patients whose scores will be scaled."""
    own = {score.patient_key for score in of.scores}
    others = (score for outcome in held_out if outcome.number != of.number for score in outcome.scores)
    mutant, probability = arrays([score for score in others if score.patient_key not in own])
    return fit_temperature(probability, mutant)


def _scaled(outcome: FoldOutcome, temperature: float) -> FoldOutcome:
    _, probability = arrays(outcome.scores)
    scaled = apply_temperature(logit(probability), temperature)
    scores = tuple(replace(s, calibrated=float(p)) for s, p in zip(outcome.scores, scaled, strict=True))
    return replace(outcome, scores=scores, temperature=temperature)
