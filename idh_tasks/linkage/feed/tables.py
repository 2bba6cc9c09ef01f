"""CSV and Excel files; their columns show whether they contain reports or merges."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO, StringIO

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import FeedContent, FeedRow, MergeNotice
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.rows import check_columns, read_rows
from idh_tasks.linkage.feed.values import read_text

YES, NO = ("1", "true", "yes", "ja", "y"), ("", "0", "false", "no", "nein", "n")


def read_csv(content: bytes, issuer: str = "") -> FeedContent:
    """Read a CSV file, separated by comma or semicolon, in UTF-8 or Latin-1.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` naming the column.
    """
    text = _decoded(content)
    header = text.partition("\n")[0]
    reader = csv.DictReader(StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ",")
    return _read(reader.fieldnames or (), list(reader), issuer)


def read_excel(content: bytes, issuer: str = "") -> FeedContent:
    """Read the first sheet of an Excel file; identifiers must be text cells, or their leading zeros are lost.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` naming the column, ``E_FEED_FORMAT`` if the content is not a workbook.
    """
    import pandas as pd

    try:
        frame = pd.read_excel(BytesIO(content), dtype=object)
    except Exception:  # openpyxl and zipfile raise many types, some quoting a cell
        raise RunRefusedError(Code.E_FEED_FORMAT, "the workbook cannot be read") from None
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    return _read(map(str, frame.columns), rows, issuer)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read(columns: Iterable[str], rows: Sequence[FeedRow], issuer: str) -> FeedContent:
    names = set(columns)
    if {"prior_id", "surviving_id"} <= names:
        return FeedContent(merges=tuple(_merge(row, issuer) for row in rows))
    check_columns(names)
    return read_rows(rows, issuer)


def _merge(row: FeedRow, issuer: str) -> MergeNotice:
    """Read one merge; a merge table read in part is worse than none, so one bad row refuses the whole table."""
    undone = read_text(row.get("undone")).lower()
    stated = read_text(row.get("issuer")) or issuer
    prior, surviving = read_text(row["prior_id"]), read_text(row["surviving_id"])
    if undone not in YES + NO or not (stated and prior and surviving):
        raise RunRefusedError(
            Code.E_SCHEMA, "a merge has an invalid value in column issuer, prior_id, surviving_id or undone"
        )
    return MergeNotice(stated, prior, surviving, _moment(row.get("at")), undone in YES)


def _moment(value: object) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(read_text(value))
    except ValueError:
        raise RunRefusedError(Code.E_SCHEMA, "column at does not contain a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
