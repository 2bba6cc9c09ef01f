"""Turns rows with named columns, one per assay, into reports; a column that has changed is named."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import (
    OPTIONAL_COLUMNS,
    DateOrder,
    FeedContent,
    FeedRow,
    RejectedReport,
    Report,
    ReportColumn,
)
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.identifier_text import read_identifier
from idh_tasks.linkage.feed.one_report import Readers, UnreadableReport, read_report, readers, rejected
from idh_tasks.linkage.feed.values import read_text, read_version

REQUIRED = tuple(name for name in get_args(ReportColumn) if name not in OPTIONAL_COLUMNS)
DRIFT = 0.5
"""If a column cannot be read in more than this share of the reports, the column has changed, not the reports."""


def check_columns(columns: Iterable[str]) -> None:
    """Refuse a feed that lacks a required column.

    Raises
    ------
    FileHeldError
        ``E_SCHEMA`` naming the columns.
    """
    if missing := sorted(set(REQUIRED) - set(columns)):
        raise FileHeldError(Code.E_SCHEMA, f"columns are missing: {', '.join(missing)}")


def read_rows(
    rows: Iterable[FeedRow], issuer: str = "", least_drifted: int = 1, date_order: DateOrder | None = None
) -> FeedContent:
    """Return the reports of a table; a report that cannot be read is rejected, the others are returned.

    With a version, all older versions of its report are rejected: they must not count in its place.

    Parameters
    ----------
    issuer
        The issuer of the identifiers in rows that do not state one.
    least_drifted
        A column has changed only if it cannot be read in at least so many reports.
    date_order
        How the feed writes dates with slashes.

    Raises
    ------
    FileHeldError
        ``E_SCHEMA`` naming the column that cannot be read in more than half of the reports: its type or its
        vocabulary has changed.
    """
    columns = readers(date_order)
    read = [one for (stated, _), group in _grouped(rows, issuer).items() for one in _versions(group, stated, columns)]
    refused = [one for one in read if isinstance(one, RejectedReport)]
    _refuse_drift([one for one in refused if isinstance(one, UnreadableReport)], len(read), least_drifted)
    return FeedContent(tuple(one for one in read if isinstance(one, Report)), (), tuple(refused))


def _grouped(rows: Iterable[FeedRow], issuer: str) -> Mapping[tuple[str, str], Sequence[FeedRow]]:
    """Return the rows by issuer and report; where only some rows of a report state an issuer, it counts as missing."""
    reports: dict[str, dict[str, list[FeedRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        reports[_report_id(row)][read_text(row.get("issuer"))].append(row)
    groups: dict[tuple[str, str], list[FeedRow]] = defaultdict(list)
    for report_id, by_issuer in reports.items():
        in_doubt = "" in by_issuer and not set(by_issuer) <= {"", issuer}
        for stated, group in by_issuer.items():
            groups["" if in_doubt else stated or issuer, report_id] += group
    return groups


def _report_id(row: FeedRow) -> str:
    try:
        return read_identifier(row["report_id"])
    except ValueError:
        return read_text(row["report_id"])


def _versions(rows: Sequence[FeedRow], issuer: str, columns: Readers) -> Sequence[Report | RejectedReport]:
    versions: dict[int, list[FeedRow]] = defaultdict(list)
    for row in rows:
        try:
            versions[read_version(row["version"])].append(row)
        except ValueError as error:
            return [rejected(UnreadableReport, row, "version", str(error))]
    read = {version: read_report(group, issuer, columns) for version, group in versions.items()}
    newest = max((version for version, one in read.items() if isinstance(one, RejectedReport)), default=-1)
    return [one for version, one in read.items() if version > newest or isinstance(one, RejectedReport)]


def _refuse_drift(unreadable: Sequence[RejectedReport], reports: int, least: int) -> None:
    for column, count in Counter(report.column for report in unreadable).items():
        if count >= least and count > DRIFT * reports:
            first = next(report.line for report in unreadable if report.column == column)
            reason = f"column {column} cannot be read in {count} of {reports} reports; nothing was stored"
            raise FileHeldError(Code.E_SCHEMA, reason, first)
