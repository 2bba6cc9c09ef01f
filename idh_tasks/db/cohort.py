"""Counts of the cohort: who left it where and why, and what each sequence has."""

from typing import Any

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence


def outcomes(transaction: Transaction, settings_hash: str) -> list[tuple[str, str | None, int]]:
    """Return (stage, code, patients) for every way out of the cohort, and for those included."""
    rows = transaction.rows("cohort/select_cohort_outcomes", settings_hash=settings_hash)
    return [(row["stage"], row["code"], row["patients"]) for row in rows]


def by_sequence(transaction: Transaction, settings_hash: str) -> dict[MrSequence, tuple[int, int]]:
    """Return patients and mutants with a label and a patch, sequence by sequence."""
    rows = transaction.rows("cohort/select_sequence_counts", settings_hash=settings_hash)
    counted = {MrSequence(row["sequence"]): (row["patients"], row["mutants"]) for row in rows}
    return {sequence: counted.get(sequence, (0, 0)) for sequence in MODEL_SEQUENCES}


def demographics(transaction: Transaction, settings_hash: str) -> list[dict[str, Any]]:
    """Return age and sex of those in the cohort, by status."""
    return [dict(row) for row in transaction.rows("cohort/select_demographics", settings_hash=settings_hash)]


def report_keys(transaction: Transaction, report: str) -> list[str]:
    """Return our keys of a report, by the laboratory's id or by our own key."""
    return [row["report_key"] for row in transaction.rows("cohort/select_report_keys", report=report)]


def affected(transaction: Transaction, report_keys: list[str]) -> list[dict[str, Any]]:
    """Return every member of a dataset that used these reports, with models and predictions."""
    return [dict(row) for row in transaction.rows("cohort/select_affected", report_keys=report_keys)]
