"""CSV, TSV and Excel files, read as a whole or held; their columns show whether they contain reports or merges."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import CodePage, DateOrder, FeedContent, FeedRow, MergeNotice
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.dates import shown_orders, slash_order
from idh_tasks.linkage.feed.delimited import split_lines
from idh_tasks.linkage.feed.encodings import decode
from idh_tasks.linkage.feed.grid import KNOWN, MERGE, Grid, Line, read_grid
from idh_tasks.linkage.feed.identifier_text import read_identifier
from idh_tasks.linkage.feed.one_report import DATES, LINE
from idh_tasks.linkage.feed.rows import check_columns, read_rows
from idh_tasks.linkage.feed.values import read_text
from idh_tasks.linkage.feed.workbook_process import read_sheet_apart

YES, NO = ("1", "true", "yes", "ja", "y"), ("", "0", "false", "no", "nein", "n")


@dataclass(frozen=True)
class TableRules:
    """What a hospital states of its tables.

    Parameters
    ----------
    date_order
        How dates with slashes are written; without it, a file with an ambiguous one is held.
    code_page
        Encoding of files that are not in UTF-8.
    numeric_identifiers
        Whether an identifier may be a number in a spreadsheet, which has lost its leading zeros.
    """

    date_order: DateOrder | None = None
    code_page: CodePage | None = None
    numeric_identifiers: bool = False


STRICT = TableRules()


def read_csv(content: bytes, issuer: str = "", rules: TableRules = STRICT) -> FeedContent:
    """Read a file separated by comma, semicolon or tab.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` or ``E_SCHEMA``, with the line where one is at fault: nothing of the file is used.
    """
    return _content(split_lines(decode(content, rules.code_page), KNOWN), issuer, rules)


def read_excel(content: bytes, issuer: str = "", rules: TableRules = STRICT) -> FeedContent:
    """Read the sheet of an Excel file; its identifiers must be text cells, or their leading zeros are lost.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` or ``E_SCHEMA``, with the row where one is at fault: nothing of the file is used.
    """
    return _content(read_sheet_apart(content), issuer, rules)


def _content(lines: Iterable[Line], issuer: str, rules: TableRules) -> FeedContent:
    grid = read_grid(lines)
    if set(MERGE) & set(grid.columns):
        return FeedContent(merges=_merges(grid, issuer, rules))
    check_columns(grid.columns)
    _check_identifiers(grid, ("report_id", "patient_id"), rules)
    _check_dates(grid, rules.date_order)
    return read_rows(grid.rows, issuer, date_order=rules.date_order)


def _check_identifiers(grid: Grid, columns: Iterable[str], rules: TableRules) -> None:
    """Hold the file for one ruined identifier: whatever ruined it has seen the others, too."""
    for row in grid.rows:
        stated = ("issuer",) if read_text(row.get("issuer")) else ()
        for column in (*columns, *stated):
            _check_identifier(row, column, rules)


def _check_identifier(row: FeedRow, column: str, rules: TableRules) -> None:
    if isinstance(row[column], int) and not rules.numeric_identifiers:
        raise _held(row, f"column {column} is a number, whose leading zeros may be lost; it must be a text cell")
    try:
        read_identifier(row[column])
    except ValueError as error:
        raise _held(row, f"column {column} {error}") from None


def _check_dates(grid: Grid, order: DateOrder | None) -> None:
    """Hold a file with dates that can be read in two ways, or that are written in two ways."""
    for column in (name for name in DATES if name in grid.columns):
        orders = shown_orders(row[column] for row in grid.rows)
        if len(orders) > 1 or (order and orders - {order}):
            raise FileHeldError(Code.E_SCHEMA, f"column {column} has dates with the day first and with the month first")
        for row in grid.rows:
            try:
                slash_order(row[column])
            except ValueError:
                if order is None:
                    raise _held(row, f"column {column}: day or month first? Set IDH_LINKAGE__DATE_ORDER") from None


def _merges(grid: Grid, issuer: str, rules: TableRules) -> tuple[MergeNotice, ...]:
    """Read all merges; a merge table read in part is worse than none, so one bad row holds the whole table."""
    if missing := sorted({*MERGE, "at"} - set(grid.columns)):
        raise FileHeldError(Code.E_SCHEMA, f"columns are missing: {', '.join(missing)}")
    if "report_id" in grid.columns:
        raise FileHeldError(Code.E_SCHEMA, "the table has columns of reports and of merges")
    _check_identifiers(grid, MERGE, rules)
    return tuple(_merge(row, issuer) for row in grid.rows)


def _merge(row: FeedRow, issuer: str) -> MergeNotice:
    undone = read_text(row.get("undone")).lower()
    stated = read_text(row.get("issuer")) or issuer
    if undone not in YES + NO or not stated:
        raise _held(row, "column issuer or undone has an invalid value")
    prior, surviving = (read_identifier(row[column]) for column in MERGE)
    if prior == surviving:
        raise _held(row, "a patient is merged with itself")
    return MergeNotice(stated, prior, surviving, _moment(row), undone in YES)


def _moment(row: FeedRow) -> datetime:
    value = row["at"]
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(read_text(value))
    except ValueError:
        raise _held(row, "column at does not contain a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _held(row: FeedRow, reason: str) -> FileHeldError:
    line = row[LINE]
    return FileHeldError(Code.E_SCHEMA, reason, line if isinstance(line, int) else None)
