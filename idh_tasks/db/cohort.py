"""Counts of the cohort, and the datasets that used a report.

One query looks a report up in schema phi by the laboratory's id; all return only keys of the platform and counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.cohort import AffectedMember, Demographics, Outcome
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence


@dataclass(frozen=True)
class AffectedCounts:
    """How many patients, models and champions changed labels, persons or studies affect."""

    patients: int
    models: int
    champions: int


@dataclass(frozen=True)
class CohortCounts:
    """What the flow of the cohort is made of.

    Attributes
    ----------
    outcomes
        How many patients left the cohort at each stage and why, and how many are included.
    sequences
        Patients with a label and a patch, and how many of them are mutant.
    demographics
        Age and sex by IDH status.
    """

    outcomes: list[Outcome]
    sequences: dict[MrSequence, tuple[int, int]]
    demographics: list[Demographics]


@dataclass(frozen=True)
class _CaseCount:
    outcome: str
    studies: int


@dataclass(frozen=True)
class SequenceCount:
    """Labelled patients with a patch of a sequence, how many of them are mutant, and labelled patients without one."""

    sequence: MrSequence
    patients: int
    mutants: int
    without: int


@dataclass(frozen=True)
class _SequenceCount:
    sequence: MrSequence
    patients: int
    mutants: int


def count(transaction: Transaction, settings_hash: str) -> CohortCounts:
    """Count the cohort: from the kept places, if they are of this version and nothing has been noted since."""
    [counted] = transaction.column(bool, "cohort/select_is_counted", settings_hash=settings_hash)
    if counted:
        by_sequence = {row.sequence: (row.patients, row.mutants) for row in kept_sequences(transaction)}
        return CohortCounts(kept_outcomes(transaction), by_sequence, kept_demographics(transaction))
    return CohortCounts(
        transaction.all(Outcome, "cohort/select_cohort_outcomes", settings_hash=settings_hash),
        _by_sequence(transaction, settings_hash),
        transaction.all(Demographics, "cohort/select_demographics", settings_hash=settings_hash),
    )


def _by_sequence(transaction: Transaction, settings_hash: str) -> dict[MrSequence, tuple[int, int]]:
    rows = transaction.all(_SequenceCount, "cohort/select_sequence_counts", settings_hash=settings_hash)
    counts = {row.sequence: (row.patients, row.mutants) for row in rows}
    return {sequence: counts.get(sequence, (0, 0)) for sequence in MODEL_SEQUENCES}


def kept_outcomes(transaction: Transaction) -> list[Outcome]:
    """Return how many persons left the cohort at each stage and why, or are included, by the kept places."""
    return transaction.all(Outcome, "cohort/count_cohort_groups")


def kept_sequences(transaction: Transaction) -> list[SequenceCount]:
    """Return the labelled patients of each sequence, by the kept places."""
    return transaction.all(SequenceCount, "cohort/count_cohort_sequences", sequences=list(MODEL_SEQUENCES))


def kept_demographics(transaction: Transaction) -> list[Demographics]:
    """Return age and sex by IDH status, by the kept places."""
    return transaction.all(Demographics, "cohort/select_cohort_demographics")


def keep_places(transaction: Transaction, settings_hash: str) -> None:
    """Keep the place in the cohort of each person whom something has touched; the page counts and lists them.

    With another version of code and settings, the places of all persons are derived again.
    """
    transaction.run("cohort/keep_places", settings_hash=settings_hash)


def lock_places(transaction: Transaction) -> None:
    """Let no other transaction count the cohort until this one ends."""
    transaction.run("cohort/lock_places")


def count_cases(transaction: Transaction) -> dict[str, int]:
    """Return the number of studies per label, or per code where there is no label."""
    return {row.outcome: row.studies for row in transaction.all(_CaseCount, "cohort/count_cases")}


def count_affected(transaction: Transaction) -> AffectedCounts:
    """Return how much was trained on labels, persons or studies that have changed since."""
    [counts] = transaction.all(AffectedCounts, "cohort/count_affected")
    return counts


def report_keys(transaction: Transaction, report: str) -> list[str]:
    """Return our keys of a report, given the laboratory's id or our key."""
    return transaction.column(str, "cohort/select_report_keys", report=report)


def affected(transaction: Transaction, report_keys: Sequence[str]) -> list[AffectedMember]:
    """Return every dataset member that used one of these reports, with its models."""
    return transaction.all(AffectedMember, "cohort/select_affected", report_keys=report_keys)
