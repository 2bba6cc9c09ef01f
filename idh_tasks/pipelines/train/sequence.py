"""Trains one sequence of a run: cross-validation, the final network, and the checks for leaks."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.db import datasets, results, training
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import FINAL, Partition, Twins
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.cross_validation import cross_validate
from idh_tasks.learning.fold_training import TrainingData
from idh_tasks.learning.folds import restrict
from idh_tasks.learning.leak_checks import leak_checks
from idh_tasks.learning.leakage import refuse_twins
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.acquisition import acquisition_of
from idh_tasks.pipelines.train.cost import expected_cost
from idh_tasks.pipelines.train.dataset_arrays import unpacked
from idh_tasks.pipelines.train.job import SequenceJob, TrainedSequence
from idh_tasks.pipelines.train.lease import TrainingLease
from idh_tasks.pipelines.train.partitions import partition_of
from idh_tasks.pipelines.train.record import record_refusal, record_training
from idh_tasks.pipelines.train.twin_questions import refuse_taken_back
from idh_tasks.pipelines.train.twin_search import pairs_of, twin_search_of
from idh_tasks.settings import LearningSettings

log = logging.getLogger(__name__)

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

    Raises
    ------
    RunRefusedError
        ``E_NO_RUN`` if there is no such run, ``E_NOT_SEARCHED`` if it was not searched for twins, ``E_LEAKAGE`` if an
        answer on which its search relied was taken back. None is recorded: the sequence can be trained afterwards.
    """
    with platform.database.begin() as transaction:
        if sequence in results.of_run(transaction, run_id):
            return ALREADY_TRAINED
        task = _task(transaction, run_id, sequence)
        log.info("%s: %s", sequence, expected_cost(transaction, task.settings, {sequence: len(task.job.labels)}))
    lease = TrainingLease(platform.settings, run_id, sequence, holder)
    lease.take(platform)
    outcome = _train_and_record(platform, task, lease)
    lease.release(platform, [FINAL, *(fold.number for fold in task.partition.folds)])
    return outcome


@dataclass(frozen=True)
class _Task:
    """What a sequence is trained on, and how: as it was when the run was frozen.

    Twins are those of all sequences: who is there twice in one is there twice in all.
    """

    job: SequenceJob
    settings: LearningSettings
    partition: Partition
    twins: Sequence[Twins]


def _task(transaction: Transaction, run_id: str, sequence: MrSequence) -> _Task:
    run = training.get_run(transaction, run_id)
    if run is None:
        raise RunRefusedError(Code.E_NO_RUN, f"there is no run {run_id}")
    members = datasets.members(transaction, run_id)
    settings, partition = LearningSettings.recorded(run.settings), partition_of(transaction, run, members)
    refuse_taken_back(transaction, run_id)
    twins = pairs_of(twin_search_of(transaction, run_id))
    return _Task(SequenceJob(run_id, sequence, members), settings, partition, twins)


def _train_and_record(platform: Platform, task: _Task, lease: TrainingLease) -> str:
    try:
        record_training(platform, task.job, _train(platform, task, lease), task.settings)
    except RunRefusedError as error:
        record_refusal(platform, task.job, error)
        return error.code
    return TRAINED


def _train(platform: Platform, task: _Task, lease: TrainingLease) -> TrainedSequence:
    job, settings, started = task.job, task.settings, time.monotonic()
    refuse_twins(task.twins)
    with unpacked(platform, job.run_id, job.sequence, job.members) as patches:
        data = TrainingData(patches, job.labels, restrict(task.partition.folds, job.labels), task.partition.locked)
        outcomes = cross_validate(data, settings, lease)
        checks = leak_checks(data, acquisition_of(platform, job.run_id, job.sequence), settings.seed)
    return TrainedSequence(outcomes, checks, time.monotonic() - started)
