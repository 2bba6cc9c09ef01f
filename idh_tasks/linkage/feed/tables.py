"""CSV and Excel files: reports, or merges of patients, told apart by their columns."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import Delivery, MergeNotice
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.rows import check_columns, read_rows
from idh_tasks.linkage.feed.values import read_text

YES, NO = ("1", "true", "yes", "ja", "y"), ("", "0", "false", "no", "nein", "n")


def read_csv(content: bytes, issuer: str = "") -> Delivery:
    """Read a CSV file; comma or semicolon, UTF-8 or Latin-1.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with the column.
    """
    text = _decoded(content)
    head = text.partition("\n")[0]
    reader = csv.DictReader(StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    return _read(reader.fieldnames or (), list(reader), issuer)


def read_excel(content: bytes, issuer: str = "") -> Delivery:
    """Read the first sheet of an Excel file; identifiers must be text there, or their zeros are lost already.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with the column, ``E_FEED_FORMAT`` if it is no workbook.
    """
    import pandas as pd

    try:
        frame = pd.read_excel(BytesIO(content), dtype=object)
    except Exception:  # openpyxl and zipfile raise many types, some with a cell's text
        raise RunRefusedError(Code.E_FEED_FORMAT, "the workbook cannot be read") from None
    return _read(map(str, frame.columns), frame.to_dict("records"), issuer)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read(columns: Iterable[str], rows: list[Any], issuer: str) -> Delivery:
    names = set(columns)
    if {"prior_id", "surviving_id"} <= names:
        return Delivery(merges=tuple(_merge(row, issuer) for row in rows))
    check_columns(names)
    return read_rows(rows, issuer)


def _merge(row: dict[str, Any], issuer: str) -> MergeNotice:
    """Read one merge; half a merge table is worse than none, so the first bad row refuses it."""
    undone = read_text(row.get("undone")).lower()
    whose = read_text(row.get("issuer")) or issuer
    prior, surviving = read_text(row["prior_id"]), read_text(row["surviving_id"])
    if undone not in YES + NO or not (whose and prior and surviving):
        raise RunRefusedError(Code.E_SCHEMA, "columns issuer, prior_id, surviving_id or undone hold what they must not")
    return MergeNotice(whose, prior, surviving, _moment(row.get("at")), undone in YES)


def _moment(value: object) -> datetime:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(read_text(value))
    except ValueError:
        raise RunRefusedError(Code.E_SCHEMA, "column at holds no time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
