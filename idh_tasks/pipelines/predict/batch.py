"""Predicts: the champion of every sequence gives each current patch a probability, once."""

import logging
import math
from functools import partial

import numpy as np

from idh_tasks.db import due_work, models, predictions
from idh_tasks.db.due_work import Stage
from idh_tasks.db.predictions import DuePrediction, Prediction
from idh_tasks.domain.study import StudyId
from idh_tasks.pipelines.due_work import TIME_S, Outcomes, Share, shares, work_off
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.predict.networks import Networks
from idh_tasks.store.arrays import read_array

log = logging.getLogger(__name__)

STORED = "stored"
STUDIES_PER_TASK = 32


def due(platform: Platform) -> list[Share]:
    """Note the studies of new champions, and return the tasks that share the studies to be predicted."""
    for sequence in unpredicted(platform):
        log.warning("%s is not predicted: its champion was withdrawn without a successor", sequence)
    with platform.database.begin() as transaction:
        due_work.note_studies_of_champions(transaction)
    return shares(platform, Stage.PREDICT, STUDIES_PER_TASK)


def unpredicted(platform: Platform) -> list[str]:
    """Return the sequences that have no champion because the last one was withdrawn."""
    with platform.database.begin() as transaction:
        return [row.sequence.value for row in models.withdrawals(transaction)]


def predict_batch(platform: Platform, holder: str, time_s: float = TIME_S) -> int:
    """Store predictions for studies that are due; return their number."""
    networks = Networks(platform.store)
    outcomes = work_off(platform, Stage.PREDICT, holder, partial(_predict, platform, networks), time_s)
    log.info("%d predictions stored", outcomes[STORED])
    return outcomes[STORED]


def _predict(platform: Platform, networks: Networks, study_id: StudyId) -> Outcomes:
    with platform.database.begin() as transaction:
        due = predictions.due(transaction, study_id)
    if not due:
        return Outcomes()
    made = [_predicted(platform, networks, row) for row in due]
    with platform.database.begin() as transaction:
        predictions.save(transaction, made)
    return Outcomes({STORED: len(made)})


def _predicted(platform: Platform, networks: Networks, row: DuePrediction) -> Prediction:
    from idh_tasks.learning.calibration import stated_probability

    patch = read_array(platform.store.get_checked(row.object_key, row.sha256))
    of_mutant = networks.probability(row, patch)
    calibrated = stated_probability(np.array([of_mutant], np.float64), row.calibration)
    return _prediction(row, of_mutant, float(calibrated[0]))


def _prediction(row: DuePrediction, probability: float, calibrated: float) -> Prediction:
    return Prediction(row.patch_id, row.model_id, row.study_id, row.sequence, probability, calibrated, row.in_training)


def predict(platform: Platform) -> int:
    """Store all predictions that are due, without Airflow; return their number."""
    due(platform)
    return predict_batch(platform, "by hand", time_s=math.inf)
