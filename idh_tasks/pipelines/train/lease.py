"""Checkpoints in our bucket and progress in the database, under a lease: one worker trains a sequence at a time."""

from dataclasses import dataclass
from functools import cached_property

from idh_tasks.codes import Code
from idh_tasks.errors import ObjectVanishedError, TransientError
from idh_tasks.learning.checkpoints import Progress, packed
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import Settings
from idh_tasks.store import keys

LEASE_S = 900.0
"""Longer than any number of epochs between two checkpoints takes; what was killed frees its sequence after this."""


@dataclass(frozen=True)
class TrainingLog:
    """Where the folds of one sequence of a run leave their state; it can be sent to another process.

    Parameters
    ----------
    holder
        Who trains: the same for every attempt of one Airflow task, so that a retry need not wait.
    """

    settings: Settings
    run_id: str
    sequence: str
    holder: str

    @cached_property
    def _platform(self) -> Platform:
        """Return the platform of the process that trains, opened once: checkpoints come every second."""
        return Platform(self.settings)

    def load(self, fold: int) -> bytes | None:
        """Return the latest checkpoint of a fold, or nothing."""
        try:
            return self._platform.store.get(self._key(fold))
        except ObjectVanishedError:
            return None

    def save(self, fold: int, progress: Progress) -> None:
        """Publish a checkpoint, record how far the fold is, and renew the lease."""
        self.take(self._platform)
        self._platform.store.put(self._key(fold), packed(progress))
        with self._platform.database.begin() as transaction:
            transaction.run(
                "training/upsert_training_progress",
                run_id=self.run_id,
                sequence=self.sequence,
                fold=fold,
                epoch=progress.epoch,
                loss=progress.loss,
            )

    def take(self, platform: Platform) -> None:
        """Take or renew the lease.

        Raises
        ------
        TransientError
            ``E_LEASE`` if another worker holds it.
        """
        with platform.database.begin() as transaction:
            taken = transaction.run(
                "training/upsert_training_lease",
                run_id=self.run_id,
                sequence=self.sequence,
                holder=self.holder,
                seconds=LEASE_S,
            )
        if not taken:
            raise TransientError(Code.E_LEASE, f"another worker trains {self.sequence} of this run; try again later")

    def close(self, platform: Platform, folds: range) -> None:
        """Give the lease back and remove the checkpoints of a sequence that is done."""
        for fold in folds:
            platform.store.delete(self._key(fold))
        with platform.database.begin() as transaction:
            transaction.run(
                "training/delete_training_lease", run_id=self.run_id, sequence=self.sequence, holder=self.holder
            )

    def _key(self, fold: int) -> str:
        return keys.checkpoint(self.run_id, self.sequence, fold)
