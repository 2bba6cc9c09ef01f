"""Reads the one sheet of an Excel workbook, and holds a workbook in which not all is as it looks."""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

from idh_tasks.codes import Code
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.grid import Line

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MAX_CELLS = 1_000_000
"""Rows with content times columns up to the last one with content; a larger table is not one sheet of reports."""
MAX_BYTES = 128 * 2**20
"""What the parts of a workbook may unpack to together."""


def read_sheet(content: bytes) -> Iterator[Line]:
    """Yield the rows of the only sheet with content.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if it is not a workbook; ``E_SCHEMA`` if several sheets have content, or cells are merged,
        hidden, struck through, or contain a formula or an error value.
    """
    sheets = [(sheet, rows) for sheet in _workbook(content).worksheets if (rows := _rows(sheet))]
    if len(sheets) != 1:
        raise FileHeldError(Code.E_SCHEMA, f"{len(sheets)} sheets of the workbook have content, instead of one")
    [(sheet, rows)] = sheets
    if sheet.sheet_state != "visible":
        raise FileHeldError(Code.E_SCHEMA, "the sheet is hidden")
    if sheet.merged_cells.ranges:
        raise _held("cells are merged", min(merged.min_row for merged in sheet.merged_cells.ranges))
    hidden = _hidden_columns(sheet)
    width = max(cell.column for cells in rows.values() for cell in cells)
    if len(rows) * width > MAX_CELLS:
        raise FileHeldError(Code.E_FEED_FORMAT, "the sheet has content far away from its table, or is too large")
    for number, cells in sorted(rows.items()):
        values: list[object] = [None] * width
        for cell in cells:
            values[cell.column - 1] = _value(cell, sheet, hidden)
        yield Line(number, values)


def check_size(content: bytes) -> None:
    """Check what the directory of a workbook states, before anything is unpacked.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if it is not a ZIP, or unpacks to more than is read.
    """
    try:
        with ZipFile(BytesIO(content)) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except Exception:  # zipfile raises many types
        raise FileHeldError(Code.E_FEED_FORMAT, "the workbook cannot be read") from None
    if size > MAX_BYTES:
        raise FileHeldError(Code.E_FEED_FORMAT, f"the workbook unpacks to {size} bytes, more than {MAX_BYTES}")


def _workbook(content: bytes) -> "Workbook":
    import openpyxl

    check_size(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out are styles and validations, not values
            return openpyxl.load_workbook(BytesIO(content), rich_text=True)
    except MemoryError:
        raise
    except Exception:  # openpyxl and zipfile raise many types, some quoting a cell
        raise FileHeldError(Code.E_FEED_FORMAT, "the workbook cannot be read") from None


def _rows(sheet: "Worksheet") -> dict[int, list["Cell"]]:
    """Return the cells with content by row; asking the sheet for its rows would make all the cells between them."""
    rows: dict[int, list[Cell]] = defaultdict(list)
    for cell in sheet._cells.values():
        if cell.value is not None:
            rows[cell.row].append(cell)
    return rows


def _hidden_columns(sheet: "Worksheet") -> list[range]:
    hidden = [dimension for dimension in sheet.column_dimensions.values() if dimension.hidden]
    return [range(dimension.min, dimension.max + 1) for dimension in hidden]


def _value(cell: "Cell", sheet: "Worksheet", hidden: Sequence[range]) -> object:
    """Return the value of a cell, if a person who opens the workbook sees the same."""
    if cell.value is None:
        return None
    if any(cell.column in columns for columns in hidden) or sheet.row_dimensions[cell.row].hidden:
        raise _held("the row, or a column with content, is hidden or filtered out", cell.row)
    if cell.data_type in "fe":
        raise _held("a cell contains a formula or an error value", cell.row)
    if _is_struck_through(cell):
        raise _held("a cell is struck through", cell.row)
    return str(cell.value) if isinstance(cell.value, list) else cell.value


def _is_struck_through(cell: "Cell") -> bool:
    parts = cell.value if isinstance(cell.value, list) else []
    return bool(cell.font.strike) or any(getattr(getattr(part, "font", None), "strike", None) for part in parts)


def _held(reason: str, row: int) -> FileHeldError:
    return FileHeldError(Code.E_SCHEMA, reason, row)
