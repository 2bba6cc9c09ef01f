"""Rows with named columns, one an assay, become reports; a column that drifts is named."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import OPTIONAL_COLUMNS, Delivery, Misfit, Report, ReportColumn, ReportedAssay
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.values import read_date, read_number, read_sex, read_status, read_text, read_version

REQUIRED = tuple(name for name in get_args(ReportColumn) if name not in OPTIONAL_COLUMNS)
DRIFT = 0.5
"""If more than this share of the reports breaks in one column, it is the column that has changed."""

Row = Mapping[str, Any]


def check_columns(columns: Iterable[str]) -> None:
    """Refuse a feed in which a column is gone.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with the columns.
    """
    if missing := sorted(set(REQUIRED) - set(columns)):
        raise RunRefusedError(Code.E_SCHEMA, f"columns are missing: {', '.join(missing)}")


def read_rows(rows: Iterable[Row], issuer: str = "") -> Delivery:
    """Return the reports of a table; what does not fit is kept apart, its neighbours go on.

    Parameters
    ----------
    issuer
        Whose identifiers these are where the row does not say.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with the column, if it is broken in more than half of the reports: its type or its words
        have changed.
    """
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[read_text(row.get("issuer")) or issuer, read_text(row["report_id"]), str(row["version"])].append(row)
    reports: list[Report] = []
    misfits: list[Misfit] = []
    for (whose, _, _), group in grouped.items():
        found = _report(group, whose)
        if isinstance(found, Misfit):
            misfits.append(found)
        else:
            reports.append(found)
    _refuse_drift(misfits, len(grouped))
    return Delivery(tuple(reports), (), tuple(misfits))


def _refuse_drift(misfits: list[Misfit], reports: int) -> None:
    for column, count in Counter(misfit.column for misfit in misfits).items():
        if count > DRIFT * reports and column != "issuer":
            raise RunRefusedError(
                Code.E_SCHEMA, f"column {column} is not what it was in {count} of {reports} reports; nothing was taken"
            )


def _report(rows: list[Row], issuer: str) -> Report | Misfit:
    """Read one report, or tell the column that does not fit."""
    first = rows[0]
    column = "report_id"
    try:
        values: dict[str, Any] = {}
        for column, read in READERS.items():
            values[column] = read(first.get(column))
    except ValueError:
        return Misfit(column, read_text(first["report_id"]))
    if len({read_text(row["patient_id"]) for row in rows}) > 1:
        return Misfit("patient_id", values["report_id"])
    if not issuer:
        return Misfit("issuer", values["report_id"])
    assays = tuple(ReportedAssay(read_text(row["method"]), read_text(row["result"])) for row in rows)
    status = values.pop("report_status")
    return Report(**values, issuer=issuer, status=status, assays=tuple(sorted(set(assays), key=str)))


def _required_text(value: object) -> str:
    text = read_text(value)
    if not text:
        raise ValueError
    return text


def _age(value: object) -> float | None:
    age = read_number(value)
    if age is not None and not 0 <= age <= 130:
        raise ValueError
    return age


READERS = {
    "report_id": _required_text,
    "version": read_version,
    "patient_id": _required_text,
    "birth_date": read_date,
    "sex": read_sex,
    "report_status": read_status,
    "diagnosis": read_text,
    "surgery_date": read_date,
    "specimen_date": read_date,
    "age_years": _age,
    "diagnosis_codes": read_text,
    "specimen": read_text,
}
