"""Reports with their assays, and the patients they name; the source of each report goes to schema phi."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from idh_tasks.db.engine import Transaction, json_rows
from idh_tasks.domain.pathology import Assay, Report, StatusDecision
from idh_tasks.domain.study import PatientKey


@dataclass(frozen=True)
class ReportRecord:
    """One version of a report under our keys, with the IDH status that follows from its assays."""

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
    """Each with those words of the laboratory that may be shown."""


@dataclass(frozen=True)
class NamedPatient:
    """A patient whom a report or a merge names, for schema phi."""

    patient_key: PatientKey
    issuer: str
    identifier: str
    shift_days: int

    def __repr__(self) -> str:
        return f"NamedPatient({self.patient_key})"


@dataclass(frozen=True)
class SavedReports:
    """How many report versions were new, and the keys of those that differ from the stored version."""

    new: int
    contradicted: tuple[str, ...]


@dataclass(frozen=True)
class _Version:
    report_key: str
    version: int


def save_patients(transaction: Transaction, patients: Sequence[NamedPatient]) -> None:
    """Record the patients whom reports and merges name."""
    rows = json_rows(vars(patient) for patient in patients)
    transaction.run("reports/insert_patients", rows=rows)
    transaction.run("reports/insert_named_patients", rows=rows)


def save_reports(transaction: Transaction, reports: Sequence[tuple[ReportRecord, Report]]) -> SavedReports:
    """Store report versions with their assays and, in schema phi, their source; a stored version never changes."""
    rows = json_rows(_report_row(record) | {"content_hash": content_hash(record)} for record, _ in reports)
    contradicted = transaction.column(str, "reports/select_contradicted_reports", rows=rows)
    added = set(transaction.all(_Version, "reports/insert_reports", rows=rows))
    new = [pair for pair in reports if _Version(pair[0].report_key, pair[0].version) in added]
    transaction.run("reports/insert_assays", rows=json_rows(row for record, _ in new for row in _assay_rows(record)))
    transaction.run("reports/insert_report_sources", rows=json_rows(_source_row(*pair) for pair in new))
    return SavedReports(len(added), tuple(sorted(set(contradicted))))


def content_hash(report: ReportRecord) -> str:
    """Return the hash by which a version that arrives again with different content is recognised."""
    # The names of the assays' types, fields and members are part of the hash: renaming one of them would make
    # every stored report a conflict.
    content = {**_report_row(report), "assays": sorted(map(str, report.assays))}
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()[:24]


def _report_row(report: ReportRecord) -> dict[str, Any]:
    decision = report.decision
    columns = {name: value for name, value in vars(report).items() if name not in ("decision", "assays")}
    return columns | {
        "idh_status": decision.status.value,
        "rule": decision.rule,
        "evidence": decision.evidence,
        "provisional": decision.provisional,
    }


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


def _source_row(record: ReportRecord, source: Report) -> dict[str, Any]:
    return {
        "report_key": record.report_key,
        "version": record.version,
        "report_id": source.report_id,
        "issuer": source.issuer,
        "patient_id": source.patient_id,
        "birth_date": source.birth_date,
        "sex": source.sex,
        "reported": {**vars(source), "assays": [vars(assay) for assay in source.assays]},
    }
