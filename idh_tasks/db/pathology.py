"""Pathology under our keys: reports, assays, merges of patients, and the links to studies."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from idh_tasks.db.engine import Database, Transaction
from idh_tasks.domain.pathology import Assay, Report, StatusDecision
from idh_tasks.domain.study import PatientKey


@dataclass(frozen=True)
class ReportRecord:
    """One version of a report under our key, with the status its assays lead to."""

    report_key: str
    version: int
    patient_key: PatientKey
    report_status: str
    glioblastoma: bool | None
    surgery_date: date | None
    specimen_date: date | None
    age_years: float | None
    decision: StatusDecision
    who_2016: str
    who_2021: str
    assays: tuple[tuple[Assay, str], ...]
    """Each with the laboratory's words that may be shown."""


@dataclass(frozen=True)
class NamedPatient:
    """A patient whom a report or a merge names; it belongs into schema phi."""

    patient_key: PatientKey
    issuer: str
    identifier: str
    shift_days: int


@dataclass(frozen=True)
class MergeEvent:
    """A merge under our keys, or its undoing."""

    event_id: str
    prior_key: PatientKey
    surviving_key: PatientKey
    undone: bool
    effective_at: datetime
    source: str


@dataclass(frozen=True)
class Saved:
    """How many report versions were new, and which came with other content than the one known."""

    new: int
    contradicted: tuple[str, ...]


def write_laboratory(laboratory: Database, rows: Iterable[Mapping[str, Any]]) -> None:
    """Fill a stand-in for the laboratory's database (demo and tests)."""
    with laboratory.begin() as transaction:
        transaction.run("laboratory/create_laboratory_results")
        transaction.run_many("laboratory/insert_laboratory_result", rows)


def _json(rows: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps(list(rows), default=str)


def save_patients(transaction: Transaction, patients: Sequence[NamedPatient]) -> None:
    """Record whom reports and merges name."""
    rows = _json(vars(patient) for patient in patients)
    transaction.run("reports/insert_patients", rows=rows)
    transaction.run("reports/insert_named_patients", rows=rows)


def save_reports(transaction: Transaction, reports: Sequence[tuple[ReportRecord, Report]]) -> Saved:
    """Store versions of reports with their assays and, in schema phi, as reported; a known version stays."""
    hashes = {(ours.report_key, ours.version): _content_hash(ours) for ours, _ in reports}
    rows = _json(_report_row(ours) | {"content_hash": hashes[ours.report_key, ours.version]} for ours, _ in reports)
    contradicted = [row["report_key"] for row in transaction.rows("reports/select_contradicted_reports", rows=rows)]
    added = {(row["report_key"], row["version"]) for row in transaction.rows("reports/insert_reports", rows=rows)}
    new = [(ours, theirs) for ours, theirs in reports if (ours.report_key, ours.version) in added]
    transaction.run("reports/insert_assays", rows=_json(row for ours, _ in new for row in _assay_rows(ours)))
    transaction.run("reports/insert_report_sources", rows=_json(_source_row(ours, theirs) for ours, theirs in new))
    return Saved(len(added), tuple(sorted(set(contradicted))))


def _report_row(report: ReportRecord) -> dict[str, Any]:
    decision = report.decision
    columns = {name: value for name, value in vars(report).items() if name not in ("decision", "assays")}
    return columns | {
        "idh_status": decision.status.value,
        "rule": decision.rule,
        "evidence": decision.evidence,
        "provisional": decision.provisional,
    }


def _content_hash(report: ReportRecord) -> str:
    content = {**_report_row(report), "assays": sorted(map(str, report.assays))}
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()[:24]


def _assay_rows(report: ReportRecord) -> list[dict[str, Any]]:
    return [
        {
            "report_key": report.report_key,
            "version": report.version,
            "method": assay.method.value,
            "number": number,
            "result": assay.result.value,
            "words": words,
        }
        for number, (assay, words) in enumerate(report.assays, start=1)
    ]


def _source_row(ours: ReportRecord, theirs: Report) -> dict[str, Any]:
    return {
        "report_key": ours.report_key,
        "version": ours.version,
        "report_id": theirs.report_id,
        "issuer": theirs.issuer,
        "patient_id": theirs.patient_id,
        "birth_date": theirs.birth_date,
        "sex": theirs.sex,
        "reported": {**vars(theirs), "assays": [vars(assay) for assay in theirs.assays]},
    }


def save_merges(transaction: Transaction, events: Sequence[MergeEvent]) -> int:
    """Store merges and their undoing; return how many were new."""
    return transaction.run("links/insert_merge_events", rows=_json(vars(event) for event in events))


def active_merges(transaction: Transaction) -> list[tuple[PatientKey, PatientKey]]:
    """Return the merges that hold: the latest of each prior key, not undone, and of one person by all we know."""
    rows = transaction.rows("links/select_active_merges")
    return [(PatientKey(row["prior_key"]), PatientKey(row["surviving_key"])) for row in rows]


def save_persons(transaction: Transaction, persons: Mapping[PatientKey, PatientKey]) -> None:
    """Replace who is who."""
    transaction.run("links/delete_persons")
    transaction.run(
        "links/insert_persons",
        rows=_json({"patient_key": patient, "person_key": person} for patient, person in persons.items()),
    )


def link(transaction: Transaction, window_days: int) -> int:
    """Bring links and open questions up to date with studies and reports; return how many links changed."""
    transaction.run("reports/create_report_now")
    transaction.run("reports/create_conflict_now")
    transaction.run("links/create_wanted_links", window_days=window_days)
    removed = transaction.run("links/delete_unwanted_links")
    added = transaction.run("links/insert_wanted_links")
    transaction.run("links/create_candidate_reviews")
    transaction.run("reviews/upsert_reviews")
    transaction.run("reviews/update_moot_reviews")
    return removed + added
