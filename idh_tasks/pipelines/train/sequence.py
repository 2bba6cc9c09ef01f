"""Train one sequence of a run: cross-validate, fit the final network, register it."""

import logging
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from numpy.typing import NDArray

from idh_tasks.db import training
from idh_tasks.db.training import FoldResult, SequenceResult
from idh_tasks.domain.learning import FINAL, Fold, Interval, ModelRecord, labels_of
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.cross_validation import FoldOutcome, cross_validate
from idh_tasks.learning.folds import folds_of, restrict
from idh_tasks.learning.intervals import auc_interval, delong, null_interval
from idh_tasks.learning.metrics import brier, calibrated_brier, expected_calibration_error, measure
from idh_tasks.pipelines.platform import Platform, code_version
from idh_tasks.pipelines.train.dataset_arrays import unpack
from idh_tasks.pipelines.train.lease import TrainingLog
from idh_tasks.settings import LearningSettings
from idh_tasks.store import keys

log = logging.getLogger(__name__)


def train_sequence(platform: Platform, run_id: str, sequence: MrSequence, holder: str = "desk") -> str:
    """Cross-validate one sequence of a run and register its network; done once, however often called.

    Parameters
    ----------
    holder
        Who trains; a second one is turned away while the first is at work.

    Returns
    -------
    str
        ``trained``, ``already trained``, or the code of a refusal, which is recorded.
    """
    with platform.database.begin() as transaction:
        if sequence in training.results(transaction, run_id):
            return "already trained"
        everyone = training.members(transaction, run_id)
    members = [member for member in everyone if member.sequence is sequence]
    trained = TrainingLog(platform.settings, run_id, sequence, holder)
    trained.take(platform)
    started = time.monotonic()
    try:
        patches, labels = unpack(platform, run_id, sequence, members), labels_of(members)
        work = Work(patches, labels, restrict(folds_of(labels_of(everyone), platform.settings.learning), labels))
        outcomes = cross_validate(work.patches, work.labels, work.folds, platform.settings.learning, trained)
        canary = _canary(work, platform.settings.learning)
    except RunRefusedError as error:
        _refuse(platform, run_id, sequence, labels_of(members), error)
        trained.close(platform, _numbers(platform))
        return error.code
    _save(platform, run_id, sequence, outcomes, canary, time.monotonic() - started)
    trained.close(platform, _numbers(platform))
    return "trained"


def _numbers(platform: Platform) -> range:
    return range(FINAL, platform.settings.learning.folds)


@dataclass(frozen=True)
class Work:
    """What one sequence learns from."""

    patches: Mapping[str, NDArray[np.float32]]
    labels: Mapping[str, bool]
    folds: Sequence[Fold]


def _canary(work: Work, settings: LearningSettings) -> Interval | None:
    """Return the AUC of a short cross-validation on shuffled labels, with the interval of pure chance.

    Chance alone passes its own bounds once in forty times, so what does is shuffled once more: a leak shows again.
    """
    if not settings.canary_epochs:
        return None
    first = _shuffled_auc(work, settings, settings.seed)
    if first is None or first.value <= first.high:
        return first
    return _shuffled_auc(work, settings, settings.seed + 1)


def _shuffled_auc(work: Work, settings: LearningSettings, seed: int) -> Interval | None:
    order = np.random.default_rng(seed).permutation(list(work.labels.values()))
    shuffled = dict(zip(work.labels, map(bool, order), strict=True))
    short = settings.model_copy(update={"epochs": settings.canary_epochs})
    folds = [fold for fold in work.folds if len({shuffled[p] for p in fold.train}) == 2]
    outcomes = cross_validate(work.patches, shuffled, folds, short, final=False)
    scores = [score for outcome in outcomes for score in outcome.scores]
    mutants = sum(score.mutant for score in scores)
    if not 0 < mutants < len(scores):
        return None
    null = null_interval(mutants, len(scores) - mutants, seed)
    return Interval(measure(scores).auc, null.low, null.high)


def _refuse(
    platform: Platform, run_id: str, sequence: MrSequence, labels: dict[str, bool], error: RunRefusedError
) -> None:
    result = SequenceResult(sequence, len(labels), sum(labels.values()), code=error.code, reason=error.reason)
    with platform.database.begin() as transaction:
        training.save_result(transaction, run_id, result)
    log.warning("%s: %s", sequence, error)


def _save(
    platform: Platform,
    run_id: str,
    sequence: MrSequence,
    outcomes: list[FoldOutcome],
    canary: Interval | None,
    seconds: float,
) -> None:
    held_out = [outcome for outcome in outcomes if outcome.number != FINAL]
    scores = [score for outcome in held_out for score in outcome.scores]
    folds = [FoldResult(o.number, measure(o.scores), o.curve) for o in held_out]
    result = SequenceResult(
        sequence=sequence,
        n=len(scores),
        mutants=sum(score.mutant for score in scores),
        auc=auc_interval(scores, platform.settings.learning.seed),
        delong=delong(scores),
        canary=canary,
        brier=brier(scores),
        ece=expected_calibration_error(scores),
        calibrated_brier=calibrated_brier(scores),
        worker=f"{platform.settings.worker}@{socket.gethostname()}",
        device=outcomes[0].device,
        seconds=seconds,
    )
    final = next(o for o in outcomes if o.number == FINAL)
    if final.model_file is None:
        raise AssertionError("the final fold carries a model file")
    key = keys.model(run_id, sequence)
    model = ModelRecord(keys.digest(run_id, sequence), run_id, sequence, key, platform.store.put(key, final.model_file))
    environment = {name: version(name) for name in ("tensorflow-cpu", "tensorflow", "keras", "numpy") if _has(name)}
    with platform.database.begin() as transaction:
        registered = (model, final.temperature, environment | {"code": code_version("learning")})
        training.save_result(transaction, run_id, result, folds, scores, registered, final.scores)


def _has(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
