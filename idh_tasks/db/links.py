"""Merges of patients, and the links between studies and reports that follow from them.

Some of the queries compare birth dates in schema phi; they take and return only keys of the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.pathology import Merge
from idh_tasks.domain.study import PatientKey


@dataclass(frozen=True)
class MergeEvent:
    """A merge under our keys, or its reversal (`undone`)."""

    event_id: str
    prior_key: PatientKey
    surviving_key: PatientKey
    undone: bool
    effective_at: datetime
    source: str


def lock(transaction: Transaction) -> None:
    """Keep other transactions from linking until this one ends."""
    transaction.run("links/lock_linkage")


def save_merges(transaction: Transaction, events: Sequence[MergeEvent]) -> int:
    """Store merges and reversals; return how many were new."""
    return transaction.run_set("links/insert_merge_events", map(vars, events))


def active_merges(transaction: Transaction) -> list[Merge]:
    """Return the merges in force: the latest per prior key, unless it was undone or awaits review."""
    return transaction.all(Merge, "links/select_active_merges")


def save_persons(transaction: Transaction, persons: Mapping[PatientKey, PatientKey]) -> None:
    """Replace the person keys of all merged patients."""
    rows = ({"patient_key": patient, "person_key": person} for patient, person in persons.items())
    transaction.run("links/delete_persons")
    transaction.run_set("links/insert_persons", rows)


def derive_links(transaction: Transaction, window_days: int) -> None:
    """Derive every pair of study and report, with the rule that accepts or refuses it, in a temporary table."""
    transaction.run("links/create_report_now")
    transaction.run("links/create_conflict_now")
    transaction.run("links/create_wanted_links", window_days=window_days)


def update_links(transaction: Transaction, window_days: int) -> int:
    """Bring the links up to date with studies and reports; return how many changed."""
    derive_links(transaction, window_days)
    removed = transaction.run("links/delete_unwanted_links")
    added = transaction.run("links/insert_wanted_links")
    return removed + added


def mismatched_reports(transaction: Transaction) -> list[str]:
    """Return the keys of reports whose birth date or sex differs from that of the images."""
    return transaction.column(str, "links/select_mismatched_reports")


def delete_settled_mismatches(transaction: Transaction) -> None:
    """Remove from the quarantine the reports that agree with the images by now."""
    transaction.run("links/delete_settled_mismatches")
