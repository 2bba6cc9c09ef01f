"""Trains one sequence of a run: cross-validation, the final network, and the canary."""

import time

from idh_tasks.db import datasets, results
from idh_tasks.domain.learning import FINAL, labels_of
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.canary import canary_auc
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.folds import folds_of, restrict
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.dataset_arrays import unpack
from idh_tasks.pipelines.train.job import SequenceJob, TrainedSequence
from idh_tasks.pipelines.train.lease import TrainingLease
from idh_tasks.pipelines.train.record import record_refusal, record_training

TRAINED, ALREADY_TRAINED = "trained", "already trained"


def train_sequence(platform: Platform, run_id: str, sequence: MrSequence, holder: str = "local") -> str:
    """Train one sequence of a run and register its network; a second call changes nothing.

    Parameters
    ----------
    holder
        Identifies the worker; another one is refused while this one trains.

    Returns
    -------
    str
        ``trained``, ``already trained``, or the code of a refusal, which is recorded.
    """
    with platform.database.begin() as transaction:
        if sequence in results.of_run(transaction, run_id):
            return ALREADY_TRAINED
        job = SequenceJob(run_id, sequence, datasets.members(transaction, run_id))
    lease = TrainingLease(platform.settings, run_id, sequence, holder)
    lease.take(platform)
    outcome = _train_and_record(platform, job, lease)
    lease.release(platform, range(FINAL, platform.settings.learning.folds))
    return outcome


def _train_and_record(platform: Platform, job: SequenceJob, lease: TrainingLease) -> str:
    try:
        trained = _train(platform, job, lease)
    except RunRefusedError as error:
        record_refusal(platform, job, error)
        return error.code
    record_training(platform, job, trained)
    return TRAINED


def _train(platform: Platform, job: SequenceJob, lease: TrainingLease) -> TrainedSequence:
    settings, started = platform.settings.learning, time.monotonic()
    patches = unpack(platform, job.run_id, job.sequence, job.members)
    folds = restrict(folds_of(labels_of(job.dataset), settings), job.labels)
    data = TrainingData(patches, job.labels, folds)
    outcomes = cross_validate(data, settings, lease)
    return TrainedSequence(outcomes, canary_auc(data, settings), time.monotonic() - started)
