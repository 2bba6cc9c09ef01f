"""Checks the lines of a table: one header, every row as long as it, nothing that a spreadsheet puts for a value."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import FeedRow, ReportColumn
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.encodings import CONTROL
from idh_tasks.linkage.feed.one_report import LINE

ERROR_VALUE = re.compile(r"#(?:[A-ZÀ-Ü][A-ZÀ-Ü0-9/_]*[!?¡¿]?|¡[A-ZÀ-Ü/0]+!|#+|)")
"""#REF!, #N/A, #BEZUG!, #¡REF!, and the hashes of a column that is too narrow."""
MERGE = ("prior_id", "surviving_id")
KNOWN = frozenset((*get_args(ReportColumn), *MERGE, "undone", "at"))


@dataclass(frozen=True)
class Line:
    """The cells of one line; `number` is that of its first line in the file, counted from 1."""

    number: int
    cells: Sequence[object]

    def __repr__(self) -> str:
        return f"Line({self.number})"


@dataclass(frozen=True)
class Grid:
    """The columns of a table, and its rows by column name."""

    columns: tuple[str, ...]
    rows: tuple[FeedRow, ...]

    def __repr__(self) -> str:
        return f"Grid({len(self.rows)} rows)"


def read_grid(lines: Iterable[Line]) -> Grid:
    """Return the rows of a table whose first line is its header; blank lines are passed over.

    Raises
    ------
    FileHeldError
        ``E_SCHEMA`` with the line if the table is not regular.
    """
    header, *body = [line for line in lines if not all(_is_blank(cell) for cell in line.cells)] or [Line(1, ())]
    columns = _columns(header)
    return Grid(tuple(filter(None, columns)), tuple(_row(columns, line) for line in body))


def _columns(header: Line) -> list[str]:
    """Return the names in the header; those of columns without any are empty."""
    names = ["" if _is_blank(cell) else str(cell).strip() for cell in header.cells]
    if any(not name.isprintable() for name in names):
        raise _held("there is an invisible character in the header", header)
    counts = Counter(_undoubled(name) for name in names if name)
    if doubled := [name for name, count in counts.items() if count > 1]:
        raise _held(f"the header has {_shown(doubled[0])} twice", header)
    return names


def _undoubled(name: str) -> str:
    """Return a known name without the number by which programs make a doubled one unique: 'result.1', 'result (2)'."""
    plain = re.sub(r"(?<=\w)[ ._]?\(?\d{1,2}\)?$", "", name.casefold())
    return plain if plain in KNOWN else name.casefold()


def _row(columns: Sequence[str], line: Line) -> FeedRow:
    cells = list(line.cells)
    if len(cells) != len(columns):
        raise _held(f"the row has {len(cells)} values, the header {len(columns)}", line)
    if [str(cell).strip() for cell in cells] == list(columns):
        raise _held("the header is repeated", line)
    for name, cell in zip(columns, cells, strict=True):
        _check(name, cell, line)
    return {name: cell for name, cell in zip(columns, cells, strict=True) if name} | {LINE: line.number}


def _check(name: str, cell: object, line: Line) -> None:
    if not name and not _is_blank(cell):
        raise _held("there is a value in a column without a name", line)
    if not isinstance(cell, str):
        return
    text = cell.strip()
    if text.startswith("=") or ERROR_VALUE.fullmatch(text):
        raise _held(f"{_shown(name)} contains a formula or an error value", line)
    if CONTROL.search(text):
        raise _held(f"{_shown(name)} contains a control character", line)


def _shown(name: str) -> str:
    """Return how to call a column; a table without a header has values of patients in its first line."""
    return f"column {name}" if name in KNOWN else "a column that the platform does not use"


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _held(reason: str, line: Line) -> FileHeldError:
    return FileHeldError(Code.E_SCHEMA, reason, line.number)
