"""Reports with their assays, and the patients they name; the source of each report goes to schema phi."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.pathology import Assay, Channel, IdhStatus, Report, ReportStatus, StatusDecision
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
class StoredReading:
    """One stored version of a report, with what decides whether it is the newest (see `linkage.versions.Reading`)."""

    report_key: str
    number: int
    version: int
    revision: int | None
    channels: tuple[Channel, ...]
    report_status: ReportStatus
    corrected: bool
    source: str
    received_at: datetime
    patient_key: PatientKey
    glioblastoma: bool | None
    idh_status: IdhStatus
    rule: str
    evidence: str
    provisional: bool
    surgery_date: date | None
    specimen_date: date | None
    birth_date: date | None
    sex: str | None


@dataclass(frozen=True)
class VersionAnswer:
    """What a reviewer chose between versions of a report; `evidence` lists their numbers."""

    report_key: str
    evidence: str
    answer: str


@dataclass(frozen=True)
class ReportStanding:
    """The numbers of the versions that count; if there are several, with what a reviewer sees of them."""

    report_key: str
    versions: tuple[int, ...]
    detail: Mapping[str, object]
    options: tuple[str, ...]


@dataclass(frozen=True)
class _Unknown:
    report_key: str
    version: int
    content_hash: str
    taken: bool
    smallest: int


def save_patients(transaction: Transaction, patients: Sequence[NamedPatient]) -> None:
    """Record the patients whom reports and merges name."""
    # Of several identifiers of a patient the first counts, however the set is cut.
    named = {patient.patient_key: patient for patient in sorted(patients, key=_identifier, reverse=True)}
    rows = [vars(patient) for patient in named.values()]
    transaction.run_set("reports/insert_patients", rows)
    transaction.run_set("reports/insert_named_patients", rows)


def _identifier(patient: NamedPatient) -> str:
    return patient.identifier


def save_reports(transaction: Transaction, reports: Sequence[tuple[ReportRecord, Report]]) -> int:
    """Store the versions that are new, with their assays and, in schema phi, their source; return how many.

    A stored version never changes. Another content of it is stored beside it, under a negative number. Which of them
    counts has to be derived again: the standing of these reports is removed.
    """
    hashed = {(r.report_key, r.version, content_hash(r)): (r, source) for r, source in reports}
    given = [{"report_key": key, "version": version, "content_hash": h} for key, version, h in hashed]
    unknown = transaction.all_of_set(_Unknown, "reports/select_unknown_readings", given)
    new = [(number, *hashed[u.report_key, u.version, u.content_hash]) for u, number in _numbered(unknown)]
    transaction.run_set("reports/insert_reports", (_reading_row(*reading) for reading in new))
    transaction.run_set("reports/insert_assays", (row for n, r, _ in new for row in _assay_rows(r, n)))
    transaction.run_set("reports/insert_report_sources", (_source_row(*reading) for reading in new))
    arrivals = (row | {"channel": source.channel} for row, (_, source) in zip(given, hashed.values(), strict=True))
    arrived = transaction.column_of_set(str, "reports/insert_report_channels", arrivals)
    remove_standings(transaction, {*arrived, *(record.report_key for _, record, _ in new)})
    return len(new)


def _numbered(readings: Sequence[_Unknown]) -> Iterator[tuple[_Unknown, int]]:
    """Yield each reading with its number: its version, or a new negative number if that is taken."""
    smallest = {reading.report_key: reading.smallest for reading in readings}
    taken: set[tuple[str, int]] = set()
    for reading in readings:
        key, number = reading.report_key, reading.version
        if reading.taken or (key, number) in taken:
            smallest[key] -= 1
            number = smallest[key]
        taken.add((key, number))
        yield reading, number


def due_standings(transaction: Transaction) -> list[str]:
    """Return the reports of noted patients for which has to be derived which of their versions count."""
    return transaction.column(str, "reports/select_due_standings")


def readings(transaction: Transaction, report_keys: Collection[str]) -> list[StoredReading]:
    """Return all stored versions of reports, sorted by report and number."""
    return transaction.all(StoredReading, "reports/select_readings", report_keys=list(report_keys))


def version_answers(transaction: Transaction, report_keys: Collection[str]) -> list[VersionAnswer]:
    """Return what reviewers chose between the versions of reports."""
    return transaction.all(VersionAnswer, "reports/select_version_answers", report_keys=list(report_keys))


def remove_standings(transaction: Transaction, report_keys: Collection[str]) -> None:
    """Remove the standing of reports; the next link run derives it again."""
    transaction.run("reports/delete_standings", report_keys=sorted(report_keys))


def save_standings(transaction: Transaction, standings: Sequence[ReportStanding]) -> None:
    """Replace the standing of reports."""
    remove_standings(transaction, [standing.report_key for standing in standings])
    transaction.run_set("reports/insert_standings", map(vars, standings))


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


def _reading_row(number: int, record: ReportRecord, source: Report) -> dict[str, Any]:
    return _report_row(record) | {
        "version": number,
        "stated_version": record.version if number != record.version else None,
        "revision": source.revision,
        "corrected": source.corrected,
        "content_hash": content_hash(record),
    }


def _assay_rows(report: ReportRecord, version: int) -> list[dict[str, Any]]:
    return [
        {
            "report_key": report.report_key,
            "version": version,
            "method": assay.method.value,
            "number": number,
            "result": assay.result.value,
            "words": words,
        }
        for number, (assay, words) in enumerate(report.assays, start=1)
    ]


def _source_row(number: int, record: ReportRecord, source: Report) -> dict[str, Any]:
    return {
        "report_key": record.report_key,
        "version": number,
        "report_id": source.report_id,
        "issuer": source.issuer,
        "patient_id": source.patient_id,
        "birth_date": source.birth_date,
        "sex": source.sex,
        "reported": {**vars(source), "assays": [vars(assay) for assay in source.assays]},
    }
