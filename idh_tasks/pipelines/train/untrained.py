"""Why a sequence has too few patients to be trained: who has no patch of it, and who waits for patches."""

from collections.abc import Iterator, Sequence

from idh_tasks.codes import Code
from idh_tasks.db import frozen_cohorts
from idh_tasks.db.engine import Transaction
from idh_tasks.db.frozen_cohorts import FrozenDataset, Missing
from idh_tasks.domain.learning import Twins
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.leakage import SameImageError
from idh_tasks.linkage.cohort_flow import waiting_for_patches
from idh_tasks.pipelines.train.job import SequenceJob

ASKED = "Review asks whether they are two; if so, start another run after the answer"
MOST_PAIRS = 5
"""Pairs of patients with the same image that a reason names."""


def true_reason(transaction: Transaction, job: SequenceJob, error: RunRefusedError) -> str:
    """Return the reason of a refusal, with the patients who have the same image, or why there are too few patients."""
    if isinstance(error, SameImageError):
        return f"{error.reason}. {_named(error.pairs)}. {ASKED}"
    if error.code is not Code.E_FOLD_DEGENERATE:
        return error.reason
    missing = frozen_cohorts.missing(transaction, job.run_id, job.sequence)
    dataset = frozen_cohorts.of_run(transaction, job.run_id)
    return "; ".join((error.reason, *_missing(job, missing), *_waiting(dataset)))


def _named(pairs: Sequence[Twins]) -> str:
    """Return the pairs by pseudonym, the most similar first."""
    named = ", ".join(f"{pair.first} and {pair.second}" for pair in pairs[:MOST_PAIRS])
    more = f", and {len(pairs) - MOST_PAIRS} more" if len(pairs) > MOST_PAIRS else ""
    return f"The patients are {named}{more}"


def _missing(job: SequenceJob, missing: Sequence[Missing]) -> Iterator[str]:
    if missing:
        causes = ", ".join(f"{row.patients} × {row.reason}" for row in missing)
        total = sum(row.patients for row in missing)
        patients = total + len(job.labels)
        yield f"{total} of {patients} patients of the dataset have no patch of {job.sequence.written} ({causes})"


def _waiting(dataset: FrozenDataset | None) -> Iterator[str]:
    counts = dataset.cohort if dataset else None
    if counts and (waiting := waiting_for_patches(counts.outcomes)):
        yield (
            f"{waiting} labelled patients had no patches of the present code and settings when the dataset was frozen; "
            "the next run of preprocess_studies cuts them, for the first time or again after a change"
        )
