"""Merges of patients, and the links between studies and reports that follow from them.

Some of the queries compare birth dates in schema phi; they take and return only keys of the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db.engine import Transaction, json_rows
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


def touch_noted(transaction: Transaction, *, everyone: bool) -> None:
    """Choose whose links are derived in this transaction: the patients that were noted, or all, with their kin."""
    transaction.run("links/create_touched", patients=None, everyone=everyone)


def touch(transaction: Transaction, patients: Sequence[str]) -> None:
    """Choose whose links are derived in this transaction: these patients, with their kin."""
    transaction.run("links/create_touched", patients=list(patients), everyone=False)


def finish_noted(transaction: Transaction) -> None:
    """Remove the notes of the patients that `touch_noted` has found; who was noted again stays due."""
    transaction.run("links/finish_noted")


def derived_with(transaction: Transaction) -> str | None:
    """Return the settings with which all links were derived, or None before the first time."""
    versions = transaction.column(str, "links/select_derived_with")
    return versions[0] if versions else None


def save_derived_with(transaction: Transaction, version: str) -> None:
    """Record the settings with which all links were derived."""
    transaction.run("links/upsert_derived_with", version=version)


def active_merges(transaction: Transaction) -> list[Merge]:
    """Return the merges of touched patients in force: the latest per prior key, unless undone or awaiting review."""
    return transaction.all(Merge, "links/select_active_merges")


def save_persons(transaction: Transaction, persons: Mapping[PatientKey, PatientKey]) -> None:
    """Replace the person keys of the touched patients; the given ones are merged."""
    rows = [{"patient_key": patient, "person_key": person} for patient, person in persons.items()]
    transaction.run("links/delete_persons", rows=json_rows(rows))
    transaction.run_set("links/insert_persons", rows)


def derive_links(transaction: Transaction, window_days: int) -> None:
    """Derive every pair of study and report of touched persons, with the rule that accepts or refuses it."""
    transaction.run("links/create_report_now")
    transaction.run("links/create_conflict_now")
    transaction.run("links/create_wanted_links", window_days=window_days)


def update_links(transaction: Transaction, window_days: int) -> int:
    """Bring the links of touched persons up to date with studies and reports; return how many changed."""
    derive_links(transaction, window_days)
    removed = transaction.run("links/delete_unwanted_links")
    added = transaction.run("links/insert_wanted_links")
    transaction.run("links/upsert_outcomes")
    return removed + added


def mismatched_reports(transaction: Transaction) -> list[str]:
    """Return the reports of touched persons whose birth date or sex differs from that of the images."""
    return transaction.column(str, "links/select_mismatched_reports")


def delete_settled_mismatches(transaction: Transaction) -> None:
    """Remove from the quarantine the reports of touched persons that agree with the images by now."""
    transaction.run("links/delete_settled_mismatches")
