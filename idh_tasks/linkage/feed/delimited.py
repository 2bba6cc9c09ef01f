"""Splits CSV and TSV text into lines (RFC 4180), and holds a file that follows the format only in part."""

import csv
import re
from collections.abc import Iterator
from io import StringIO

from idh_tasks.codes import Code
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.grid import Line

DELIMITERS = (",", ";", "\t")


def split_lines(text: str, known: frozenset[str]) -> Iterator[Line]:
    """Yield the lines of a table; its delimiter is the one that shows the most known columns in the first line.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if no delimiter fits, or with the line at which quotes are open, stray or swallow lines.
    """
    delimiter = _delimiter(text, known)
    value = rf'(?:"(?:[^"]|"")*"|[^"{delimiter}\r\n]*)'
    strict, width = re.compile(rf"(?:{value}{delimiter})*{value}[\r\n]*"), 0
    for raw, line in _records(text, delimiter):
        width = width or len(line.cells)
        if not strict.fullmatch(raw):
            raise _held("there is a quote inside a value", line.number)
        if any(_swallows_lines(str(cell), delimiter, width) for cell in line.cells):
            raise _held("a quote is not closed: the value contains other lines", line.number)
        yield line


def _records(text: str, delimiter: str) -> Iterator[tuple[str, Line]]:
    """Yield each record as it is in the file, and split."""
    taken: list[str] = []
    reader = csv.reader(_recorded(text, taken), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise _held("a quote is not closed, or the line is damaged", number) from None
        if cells is None:
            return
        yield "".join(taken), Line(number, cells)
        taken.clear()


def _recorded(text: str, taken: list[str]) -> Iterator[str]:
    """Yield the lines with their ends, and note which of them the reader has taken for a row."""
    for line in StringIO(text, newline=""):
        taken.append(line)
        yield line


def _delimiter(text: str, known: frozenset[str]) -> str:
    first = next((line for line in StringIO(text, newline="") if line.strip()), "")
    shown = {delimiter: len(known & _names(first, delimiter)) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: shown[delimiter])
    if shown[best] < 2 or sorted(shown.values())[-2] > 1:
        raise _held("neither comma, semicolon nor tab separates known columns in the first line", 1)
    return best


def _names(line: str, delimiter: str) -> set[str]:
    return {name.strip().strip('"') for name in line.split(delimiter)}


def _swallows_lines(cell: str, delimiter: str, width: int) -> bool:
    """Return whether a quoted value holds as many delimiters as whole lines would, beside a line break."""
    return ("\n" in cell or "\r" in cell) and cell.count(delimiter) >= width - 1


def _held(reason: str, line: int) -> FileHeldError:
    return FileHeldError(Code.E_FEED_FORMAT, reason, line)
