"""Reads the one sheet of an Excel workbook, and holds a workbook in which not all is as it looks."""

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from idh_tasks.codes import Code
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.grid import Line

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

MAX_CELLS = 5_000_000
"""A sheet that seems larger has formatted cells far below or beside its table."""


def read_sheet(content: bytes) -> Iterator[Line]:
    """Yield the rows of the only sheet with content.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if it is not a workbook; ``E_SCHEMA`` if several sheets have content, or cells are merged,
        hidden, struck through, or contain a formula or an error value.
    """
    sheets = [sheet for sheet in _workbook(content).worksheets if _has_content(sheet)]
    if len(sheets) != 1:
        raise FileHeldError(Code.E_SCHEMA, f"{len(sheets)} sheets of the workbook have content, instead of one")
    [sheet] = sheets
    if sheet.sheet_state != "visible":
        raise FileHeldError(Code.E_SCHEMA, "the sheet is hidden")
    if sheet.merged_cells.ranges:
        raise _held("cells are merged", min(merged.min_row for merged in sheet.merged_cells.ranges))
    hidden = _hidden_columns(sheet)
    for row in sheet.iter_rows():
        yield Line(row[0].row, [_value(cell, sheet, hidden) for cell in row])


def _workbook(content: bytes) -> "Workbook":
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl leaves out are styles and validations, not values
            return openpyxl.load_workbook(BytesIO(content), rich_text=True)
    except Exception:  # openpyxl and zipfile raise many types, some quoting a cell
        raise FileHeldError(Code.E_FEED_FORMAT, "the workbook cannot be read") from None


def _has_content(sheet: "Worksheet") -> bool:
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        raise FileHeldError(Code.E_FEED_FORMAT, "a sheet has formatted cells far away from its table; delete them")
    return any(value is not None for row in sheet.values for value in row)


def _hidden_columns(sheet: "Worksheet") -> set[int]:
    hidden = [dimension for dimension in sheet.column_dimensions.values() if dimension.hidden]
    return {number for dimension in hidden for number in range(dimension.min, dimension.max + 1)}


def _value(cell: "Cell", sheet: "Worksheet", hidden: set[int]) -> object:
    """Return the value of a cell, if a person who opens the workbook sees the same."""
    if cell.value is None:
        return None
    if cell.column in hidden or sheet.row_dimensions[cell.row].hidden:
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
