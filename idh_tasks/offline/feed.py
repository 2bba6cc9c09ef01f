"""Reads feed files at the desk: what each report, merge and refusal would be; nothing is stored."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import FeedContent, MergeNotice, RejectedReport, Report, ReportStatus
from idh_tasks.errors import FileHeldError, IdhError
from idh_tasks.linkage.feed.files import is_readable, read_file
from idh_tasks.linkage.feed.tables import STRICT, TableRules
from idh_tasks.linkage.idh_rules import needs_review, resolve_idh_status
from idh_tasks.linkage.words.results import read_assays

REVIEW = "review"
"""Instead of a status: a person must decide."""


@dataclass(frozen=True)
class ReadReport:
    """One version of a report; it names a patient."""

    kind: Literal["report"]
    file: str
    issuer: str
    patient_id: str
    report_id: str
    version: int
    report_status: str
    status: str
    rule: str
    diagnosis: str
    surgery_date: date | None
    specimen_date: date | None


@dataclass(frozen=True)
class ReadMerge:
    """One merge of two identifiers; it names a patient."""

    kind: Literal["merge"]
    file: str
    issuer: str
    prior: str
    surviving: str
    undone: bool


@dataclass(frozen=True)
class Refusal:
    """A file or a report that cannot be read, and why."""

    kind: Literal["refused"]
    file: str
    line: int | None
    code: Code
    reason: str


Entry = ReadReport | ReadMerge | Refusal


def read_files(
    paths: Iterable[Path], issuer: str = "", authorities: Collection[str] = (), *, rules: TableRules = STRICT
) -> Iterator[Entry]:
    """Yield what the files contain, in the order of the files.

    Parameters
    ----------
    issuer
        Issuer of the identifiers in a file that does not state one.
    authorities
        Accepted authorities, where a message states several identifiers of a patient.
    rules
        What the hospital states of its tables.
    """
    for path in paths:
        yield from _entries(path, issuer, authorities, rules)


def _entries(path: Path, issuer: str, authorities: Collection[str], rules: TableRules) -> Iterator[Entry]:
    if not is_readable(path.name):
        yield Refusal("refused", path.name, None, Code.W_UNREAD, "no reader for files of this type")
        return
    try:
        yield from _contents(path.name, read_file(path.name, path.read_bytes(), issuer, authorities, rules=rules))
    except IdhError as error:
        line = error.line if isinstance(error, FileHeldError) else None
        yield Refusal("refused", path.name, line, error.code, error.reason)


def _contents(file: str, content: FeedContent) -> Iterator[Entry]:
    yield from (_report(file, report) for report in content.reports)
    yield from (_merge(file, merge) for merge in content.merges)
    yield from (_refusal(file, rejected) for rejected in content.rejected)


def _report(file: str, report: Report) -> ReadReport:
    counted = report.assays if report.status is not ReportStatus.CANCELLED else ()
    assays = [assay for reported in counted for assay in read_assays(reported.method, reported.result)]
    decision = resolve_idh_status(assays, report.age_years)
    return ReadReport(
        "report",
        file,
        report.issuer,
        report.patient_id,
        report.report_id,
        report.version,
        report.status.value,
        REVIEW if needs_review(assays, decision) else decision.status.value,
        decision.rule,
        report.diagnosis,
        report.surgery_date,
        report.specimen_date,
    )


def _merge(file: str, notice: MergeNotice) -> ReadMerge:
    return ReadMerge("merge", file, notice.issuer, notice.prior_id, notice.surviving_id, notice.undone)


def _refusal(file: str, rejected: RejectedReport) -> Refusal:
    reason = rejected.reason or f"column {rejected.column} has an invalid value"
    code = Code.E_ISSUER if rejected.column == "issuer" else Code.E_SCHEMA
    return Refusal("refused", file, rejected.line, code, reason)
