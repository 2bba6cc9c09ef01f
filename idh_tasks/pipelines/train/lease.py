"""Checkpoints in our bucket and progress in the database, under a lease: one worker trains a sequence at a time."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from idh_tasks.codes import Code
from idh_tasks.db import training
from idh_tasks.db.training import Lease
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.errors import ObjectVanishedError, TransientError
from idh_tasks.learning.checkpoints import Checkpoint, serialize
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings
from idh_tasks.store import keys

LEASE_S = 900.0
"""Longer than the epochs between two checkpoints take; the lease of a killed worker expires after this time."""


@dataclass(frozen=True)
class TrainingLease:
    """The lease on one sequence of a run, and the checkpoints kept under it; it can be sent to another process.

    Parameters
    ----------
    holder
        Identifies the worker; it is the same for all attempts of an Airflow task, so that a retry need not wait.
    """

    settings: Settings
    run_id: str
    sequence: MrSequence
    holder: str

    @cached_property
    def _platform(self) -> Platform:
        """Return the platform of the training process, opened once: checkpoints may follow each other every second."""
        return Platform(self.settings)

    @property
    def _row(self) -> Lease:
        return Lease(self.run_id, self.sequence, self.holder)

    def load(self, fold: int) -> bytes | None:
        """Return the latest checkpoint of a fold, or None."""
        try:
            return self._platform.store.get(self._key(fold))
        except ObjectVanishedError:
            return None

    def save(self, fold: int, checkpoint: Checkpoint) -> None:
        """Renew the lease, publish a checkpoint, and record the progress of the fold."""
        self.take(self._platform)
        self._platform.store.put(self._key(fold), serialize(checkpoint))
        with self._platform.database.begin() as transaction:
            training.save_progress(transaction, self._row, fold, checkpoint.epoch, checkpoint.loss)

    def take(self, platform: Platform) -> None:
        """Take or renew the lease.

        Raises
        ------
        TransientError
            ``E_LEASE`` if another worker holds it.
        """
        with platform.database.begin() as transaction:
            taken = training.take_lease(transaction, self._row, LEASE_S)
        if not taken:
            raise TransientError(Code.E_LEASE, f"another worker trains {self.sequence} of this run; try again later")

    def release(self, platform: Platform, folds: Iterable[int]) -> None:
        """Remove the checkpoints of a sequence that is finished, and release the lease."""
        for fold in folds:
            platform.store.delete(self._key(fold))
        with platform.database.begin() as transaction:
            training.release_lease(transaction, self._row)

    def _key(self, fold: int) -> str:
        return keys.checkpoint(self.run_id, self.sequence, fold)
