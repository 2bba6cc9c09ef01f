"""Predicts: the champion of every sequence gives each current patch a probability, once."""

import logging
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.db import models, predictions
from idh_tasks.db.predictions import DuePrediction, Prediction
from idh_tasks.domain.learning import ModelRecord
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.store.arrays import read_array

log = logging.getLogger(__name__)

STUDIES_PER_BATCH = 32


def due(platform: Platform) -> list[Batch]:
    """Return the studies that lack a prediction of a present champion, in batches."""
    for sequence in unpredicted(platform):
        log.warning("%s is not predicted: its champion was withdrawn without a successor", sequence)
    return cut(sorted({row.study_id for row in _due(platform)}), size=STUDIES_PER_BATCH)


def unpredicted(platform: Platform) -> list[str]:
    """Return the sequences that have no champion because the last one was withdrawn."""
    with platform.database.begin() as transaction:
        return [row.sequence.value for row in models.withdrawals(transaction)]


def _due(platform: Platform) -> list[DuePrediction]:
    with platform.database.begin() as transaction:
        return predictions.due(transaction, preprocessing_version(platform))


def predict_batch(platform: Platform, study_ids: list[str]) -> int:
    """Store the predictions that are due for these studies; return their number."""
    by_model: dict[str, list[DuePrediction]] = defaultdict(list)
    for row in _due(platform):
        if row.study_id in study_ids:
            by_model[row.model_id].append(row)
    with platform.database.begin() as transaction:
        champions = models.champions(transaction)
    # A champion that was replaced in the meantime predicts nothing; the next run predicts with its successor.
    stored = sum(_predict(platform, model, by_model[model.model_id]) for model in champions if by_model[model.model_id])
    log.info("%d predictions stored", stored)
    return stored


def _predict(platform: Platform, model: ModelRecord, due: Sequence[DuePrediction]) -> int:
    from idh_tasks.learning.calibration import stated_probability

    of_mutant = _probabilities(platform, model, due)
    [calibration] = {row.calibration for row in due}
    calibrated = stated_probability(of_mutant.astype(np.float64), calibration)
    with platform.database.begin() as transaction:
        predictions.save(
            transaction,
            [_prediction(row, float(p), float(c)) for row, p, c in zip(due, of_mutant, calibrated, strict=True)],
        )
    return len(due)


def _probabilities(platform: Platform, model: ModelRecord, due: Sequence[DuePrediction]) -> NDArray[np.float32]:
    from idh_tasks.learning.registry import load_model
    from idh_tasks.learning.training import probabilities

    network = load_model(platform.store.get(model.object_key), model.sha256)
    patches = np.stack([read_array(platform.store.get_checked(row.object_key, row.sha256)) for row in due])
    of_mutant = probabilities(network, patches)[:, 1]
    if not np.isfinite(of_mutant).all():
        raise RunRefusedError(Code.E_NONFINITE, f"model {model.model_id} gives non-finite probabilities")
    return of_mutant


def _prediction(row: DuePrediction, probability: float, calibrated: float) -> Prediction:
    return Prediction(row.patch_id, row.model_id, row.study_id, row.sequence, probability, calibrated, row.in_training)


def predict(platform: Platform) -> int:
    """Store all predictions that are due, without Airflow; return their number."""
    return sum(predict_batch(platform, batch["ids"]) for batch in due(platform))
