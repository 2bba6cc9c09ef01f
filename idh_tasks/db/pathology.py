"""Pathology: the laboratory's rows, our reports and assays, and the links to studies."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from idh_tasks.db.engine import Database, Transaction
from idh_tasks.domain.pathology import Assay, LaboratoryRow, StatusDecision
from idh_tasks.domain.study import PatientKey


@dataclass(frozen=True)
class ReportRecord:
    """One version of a report under our key, with the status its assays lead to."""

    report_key: str
    version: int
    patient_key: PatientKey
    report_status: str
    diagnosis: str
    surgery_date: date | None
    specimen_date: date | None
    age_years: float | None
    decision: StatusDecision
    who_2021: str
    assays: tuple[Assay, ...]


def read_laboratory(laboratory: Database) -> list[LaboratoryRow]:
    """Read the laboratory's view, one row an assay."""
    with laboratory.begin() as transaction:
        return [LaboratoryRow(**row) for row in transaction.rows("select_laboratory_results")]


def write_laboratory(laboratory: Database, rows: Iterable[Mapping[str, Any]]) -> None:
    """Fill a stand-in for the laboratory's database (demo and tests)."""
    with laboratory.begin() as transaction:
        transaction.run("create_laboratory_results")
        transaction.run_many("insert_laboratory_result", rows)


def save_report(transaction: Transaction, report: ReportRecord) -> bool:
    """Store a version of a report with its assays; tell whether it was new."""
    columns = {k: v for k, v in vars(report).items() if k not in ("decision", "assays")}
    decision = report.decision
    added = transaction.run(
        "insert_report",
        **columns,
        idh_status=decision.status.value,
        rule=decision.rule,
        evidence=decision.evidence,
        provisional=decision.provisional,
    )
    transaction.run_many(
        "insert_assay",
        [
            {"report_key": report.report_key, "version": report.version, "method": a.method, "result": a.result}
            for a in report.assays
        ],
    )
    return added > 0


def save_source(transaction: Transaction, report_key: str, rows: Sequence[LaboratoryRow]) -> None:
    """Keep the rows as reported, in schema phi."""
    first = rows[0]
    transaction.run(
        "insert_report_source",
        report_key=report_key,
        version=first.version,
        report_id=first.report_id,
        reported=json.dumps([vars(row) for row in rows], default=str),
    )


def link(transaction: Transaction, window_days: int) -> int:
    """Bring the links up to date with studies and reports; return how many changed."""
    removed = transaction.run("unlink_superseded_cases", window_days=window_days)
    return removed + transaction.run("insert_case_links", window_days=window_days)
