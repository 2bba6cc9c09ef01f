"""Turns rows with named columns, one per assay, into reports; a column that has changed is named."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import (
    OPTIONAL_COLUMNS,
    FeedContent,
    FeedRow,
    RejectedReport,
    Report,
    ReportColumn,
    ReportedAssay,
)
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.values import (
    read_age,
    read_date,
    read_required_text,
    read_sex,
    read_status,
    read_text,
    read_version,
)
from idh_tasks.linkage.versions import is_correction

REQUIRED = tuple(name for name in get_args(ReportColumn) if name not in OPTIONAL_COLUMNS)
DRIFT = 0.5
"""If a column cannot be read in more than this share of the reports, the column has changed, not the reports."""

READERS: dict[str, Callable[[object], object]] = {
    "report_id": read_required_text,
    "version": read_version,
    "patient_id": read_required_text,
    "birth_date": read_date,
    "sex": read_sex,
    "report_status": read_status,
    "diagnosis": read_text,
    "surgery_date": read_date,
    "specimen_date": read_date,
    "age_years": read_age,
    "diagnosis_codes": read_text,
    "specimen": read_text,
}
"""How the columns of a report are read, in this order."""


def check_columns(columns: Iterable[str]) -> None:
    """Refuse a feed that lacks a required column.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` naming the columns.
    """
    if missing := sorted(set(REQUIRED) - set(columns)):
        raise RunRefusedError(Code.E_SCHEMA, f"columns are missing: {', '.join(missing)}")


def read_rows(rows: Iterable[FeedRow], issuer: str = "", least_drifted: int = 1) -> FeedContent:
    """Return the reports of a table; a report that cannot be read is rejected, the others are returned.

    Parameters
    ----------
    issuer
        The issuer of the identifiers in rows that do not state one.
    least_drifted
        A column has changed only if it cannot be read in at least so many reports.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` naming the column that cannot be read in more than half of the reports: its type or its
        vocabulary has changed.
    """
    versions: dict[tuple[str, str, str], list[FeedRow]] = defaultdict(list)
    for row in rows:
        stated = read_text(row.get("issuer")) or issuer
        versions[stated, read_text(row["report_id"]), str(row["version"])].append(row)
    read = [_report(group, stated) for (stated, _, _), group in versions.items()]
    rejected = [one for one in read if isinstance(one, RejectedReport)]
    _refuse_drift(rejected, len(versions), least_drifted)
    return FeedContent(tuple(one for one in read if isinstance(one, Report)), (), tuple(rejected))


def _refuse_drift(rejected: Sequence[RejectedReport], reports: int, least: int) -> None:
    for column, count in Counter(report.column for report in rejected).items():
        if count >= least and count > DRIFT * reports and column != "issuer":
            raise RunRefusedError(
                Code.E_SCHEMA, f"column {column} cannot be read in {count} of {reports} reports; nothing was stored"
            )


def _report(rows: Sequence[FeedRow], issuer: str) -> Report | RejectedReport:
    """Read one report, or return the column that cannot be read."""
    values: dict[str, Any] = {}
    for column, read in READERS.items():
        try:
            values[column] = read(rows[0].get(column))
        except ValueError:
            return RejectedReport(column, read_text(rows[0]["report_id"]))
    if len({read_text(row["patient_id"]) for row in rows}) > 1:
        return RejectedReport("patient_id", values["report_id"])
    if not issuer:
        return RejectedReport("issuer", values["report_id"])
    assays = {ReportedAssay(read_text(row["method"]), read_text(row["result"])) for row in rows}
    status = values.pop("report_status")
    return Report(
        **values,
        issuer=issuer,
        status=status,
        assays=tuple(sorted(assays, key=str)),
        corrected=is_correction(read_text(rows[0]["report_status"])),
        revision=_revision(rows[0].get("revision")),
    )


def _revision(value: object) -> int | None:
    return value if isinstance(value, int) else None
