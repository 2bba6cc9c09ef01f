"""Predict: the champion of every sequence gives each current patch a probability, once."""

import logging
from collections import defaultdict
from typing import Any

import numpy as np

from idh_tasks.codes import Code
from idh_tasks.db import training
from idh_tasks.domain.learning import ModelRecord
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.platform import Platform, preprocessing_version
from idh_tasks.store.arrays import read_array

log = logging.getLogger(__name__)

DueRow = dict[str, Any]


def _due_rows(platform: Platform) -> list[DueRow]:
    with platform.database.begin() as transaction:
        rows = transaction.rows("predictions/select_predictions_due", settings_hash=preprocessing_version(platform))
        return [dict(row) for row in rows]


def due(platform: Platform) -> list[Batch]:
    """Return the studies that lack a prediction of a current champion, in batches."""
    studies = sorted({row["study_id"] for row in _due_rows(platform)})
    return cut(studies, size=32)


def predict_batch(platform: Platform, study_ids: list[str]) -> int:
    """Predict what is due for these studies; return how many predictions were stored."""
    by_model: dict[str, list[DueRow]] = defaultdict(list)
    for row in _due_rows(platform):
        if row["study_id"] in study_ids:
            by_model[row["model_id"]].append(row)
    with platform.database.begin() as transaction:
        champions = training.champions(transaction)
    stored = 0
    for model_id, rows in by_model.items():
        # A model that is no longer champion was replaced meanwhile; the next run predicts with its successor.
        if model_id in champions:
            stored += _predict(platform, champions[model_id], rows)
    log.info("%d predictions stored", stored)
    return stored


def _predict(platform: Platform, model: ModelRecord, rows: list[DueRow]) -> int:
    from idh_tasks.learning.calibration import cooled, logit
    from idh_tasks.learning.registry import load_model
    from idh_tasks.learning.training import probabilities

    network = load_model(platform.store.get(model.object_key), model.sha256)
    patches = np.stack([read_array(platform.store.get_checked(r["object_key"], r["sha256"])) for r in rows])
    given = probabilities(network, patches)[:, 1]
    if not np.isfinite(given).all():
        raise RunRefusedError(Code.E_NONFINITE, f"model {model.model_id} gives probabilities that are no numbers")
    # One model, one temperature.
    calibrated = cooled(logit(given.astype(np.float64)), rows[0]["temperature"])
    kept = ("patch_id", "model_id", "study_id", "sequence", "in_training")
    with platform.database.begin() as transaction:
        transaction.run_many(
            "predictions/insert_prediction",
            [
                {name: row[name] for name in kept} | {"probability_mutant": float(p), "calibrated": float(c)}
                for row, p, c in zip(rows, given, calibrated, strict=True)
            ],
        )
    return len(rows)


def predict(platform: Platform) -> int:
    """Predict everything that is due, without Airflow; return how many predictions were stored."""
    return sum(predict_batch(platform, batch["ids"]) for batch in due(platform))
