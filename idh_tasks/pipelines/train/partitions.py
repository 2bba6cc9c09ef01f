"""The folds of a training run and its locked test set: planned, then kept with the run."""

from collections.abc import Sequence

from idh_tasks.db import partitions
from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import Run
from idh_tasks.domain.learning import Member, Partition, labels_of
from idh_tasks.learning.partition import partition
from idh_tasks.settings import LearningSettings


def plan(transaction: Transaction, members: Sequence[Member], settings: LearningSettings) -> Partition:
    """Return the folds and the locked test set of a dataset that is not frozen yet.

    Raises
    ------
    RunRefusedError
        ``E_FOLD_DEGENERATE`` as `folds.make_folds`.
    """
    return partition(members, settings, partitions.locked_decisions(transaction))


def partition_of(transaction: Transaction, run: Run, members: Sequence[Member]) -> Partition:
    """Return the folds and the locked test set of a run; one that has none yet, from an earlier version, gets them."""
    labels = labels_of(members)
    kept = partitions.of_run(transaction, run.run_id, labels)
    if kept is not None:
        return kept
    settings = LearningSettings.recorded(run.settings)
    planned = plan(transaction, members, settings)
    partitions.save(transaction, run.run_id, planned)
    if settings.locked_share:
        partitions.decide(transaction, labels, planned.locked)
    return planned
