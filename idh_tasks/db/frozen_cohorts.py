"""The cohort as it was counted when the dataset of a training run was frozen."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from idh_tasks.db import cohort
from idh_tasks.db.cohort import CohortCounts
from idh_tasks.db.engine import Transaction
from idh_tasks.domain.cohort import Demographics, Outcome
from idh_tasks.domain.sequence import MrSequence


@dataclass(frozen=True)
class FrozenDataset:
    """The dataset of a run; `counts` and the version of its patches are None if it was frozen before they were kept."""

    dataset_id: str
    preprocessing_version: str | None
    counted_at: datetime
    counts: dict[str, Any] | None

    @property
    def cohort(self) -> CohortCounts | None:
        """Return the counts of the cohort."""
        if self.counts is None:
            return None
        sequences = self.counts["sequences"].items()
        return CohortCounts(
            [Outcome(**outcome) for outcome in self.counts["outcomes"]],
            {MrSequence(name): (patients, mutants) for name, (patients, mutants) in sequences},
            [Demographics(**group) for group in self.counts["demographics"]],
        )


@dataclass(frozen=True)
class Missing:
    """How many patients of a dataset have no patch of a sequence for one reason."""

    reason: str
    patients: int


def keep(transaction: Transaction, dataset_id: str, settings_hash: str) -> None:
    """Count the cohort and keep the counts with a dataset; one that is frozen again keeps the first counts."""
    cohort.keep_places(transaction, settings_hash)
    counts = json.dumps(asdict(cohort.count(transaction, settings_hash)))
    values = {"dataset_id": dataset_id, "settings_hash": settings_hash}
    transaction.run("frozen_cohorts/update_frozen_counts", counts=counts, **values)


def of_run(transaction: Transaction, run_id: str) -> FrozenDataset | None:
    """Return the dataset of a run, or None if there is no such run."""
    return transaction.first(FrozenDataset, "frozen_cohorts/select_frozen_counts", run_id=run_id)


def missing(transaction: Transaction, run_id: str, sequence: MrSequence) -> list[Missing]:
    """Return how many patients of a run's dataset have no patch of a sequence, by reason."""
    return transaction.all(Missing, "frozen_cohorts/count_missing_patches", run_id=run_id, sequence=sequence)
