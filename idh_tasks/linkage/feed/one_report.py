"""Reads the rows of one version of a report; they must agree in everything but method and result."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from idh_tasks.domain.pathology import DateOrder, FeedRow, RejectedReport, Report, ReportedAssay
from idh_tasks.linkage.feed.contradiction import with_dispute
from idh_tasks.linkage.feed.dates import read_date
from idh_tasks.linkage.feed.identifier_text import read_identifier
from idh_tasks.linkage.feed.values import read_age, read_sex, read_status, read_text, read_version
from idh_tasks.linkage.versions import is_correction

Readers = Mapping[str, Callable[[object], object]]

LINE = "line"
"""Key under which a reader of files states the line at which a row begins."""
DATES = ("birth_date", "surgery_date", "specimen_date")


class UnreadableReport(RejectedReport):
    """A report with a value that cannot be read; in other rejected reports, each value alone can be read."""


def readers(date_order: DateOrder | None) -> Readers:
    """Return how the columns of a report are read, in this order."""
    of_date = partial(read_date, order=date_order)
    return {
        "report_id": read_identifier,
        "version": read_version,
        "patient_id": read_identifier,
        "birth_date": of_date,
        "sex": read_sex,
        "report_status": read_status,
        "diagnosis": read_text,
        "surgery_date": of_date,
        "specimen_date": of_date,
        "age_years": read_age,
        "diagnosis_codes": read_text,
        "specimen": read_text,
    }


def read_report(rows: Sequence[FeedRow], issuer: str, columns: Readers) -> Report | RejectedReport:
    """Return the report, or why it is rejected."""
    values: dict[str, Any] = {}
    for column, read in columns.items():
        found = _agreed(rows, column, read)
        if isinstance(found, RejectedReport):
            return found
        [values[column]] = found
    return _contradiction(rows, issuer, values) or _report(rows, issuer, values)


def rejected(kind: type[RejectedReport], row: FeedRow, column: str, reason: str) -> RejectedReport:
    """Return the rejection of the report that a row belongs to."""
    line = row.get(LINE)
    return kind(
        column, read_text(row.get("report_id")), line if isinstance(line, int) else None, f"column {column} {reason}"
    )


def _agreed(rows: Sequence[FeedRow], column: str, read: Callable[[object], object]) -> set[object] | RejectedReport:
    """Return the one value of a column, which may be None, or the row that cannot be read or differs."""
    found: set[object] = set()
    for row in rows:
        try:
            found.add(read(row.get(column)))
        except ValueError as error:
            return rejected(UnreadableReport, row, column, str(error) or "has an invalid value")
        if len(found) > 1:
            return rejected(RejectedReport, row, column, "differs between the rows of one report")
    return found


def _contradiction(rows: Sequence[FeedRow], issuer: str, values: Mapping[str, Any]) -> RejectedReport | None:
    events: list[date] = [values[name] for name in ("surgery_date", "specimen_date") if values[name]]
    if values["birth_date"] and events and values["birth_date"] > min(events):
        return rejected(RejectedReport, rows[0], "birth_date", "is later than surgery or specimen")
    for row in rows:
        if read_text(row["result"]) and not read_text(row["method"]):
            return rejected(RejectedReport, row, "method", "is empty where there is a result")
    return None if issuer else rejected(RejectedReport, rows[0], "issuer", "is empty, and no default is set")


def _report(rows: Sequence[FeedRow], issuer: str, values: dict[str, Any]) -> Report:
    stated = {ReportedAssay(read_text(row["method"]), read_text(row["result"])) for row in rows}
    assays = with_dispute(stated, values["diagnosis"])
    status = values.pop("report_status")
    return Report(
        **values,
        issuer=issuer,
        status=status,
        assays=tuple(sorted(assays, key=str)),
        corrected=any(is_correction(read_text(row["report_status"])) for row in rows),
        revision=_revision(rows[0].get("revision")),
    )


def _revision(value: object) -> int | None:
    return value if isinstance(value, int) else None
