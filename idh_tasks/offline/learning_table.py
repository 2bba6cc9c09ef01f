"""Reads a CSV file of `idh learn`: one header, rows as long as it, and patients whose ids can be told apart.

The separator is a comma, a semicolon or a tab, whichever the header is written with. What may be read in two ways is
refused with the number of the line; a message never repeats a value.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError

SEPARATORS = ",;\t"
NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:E[+-]?\d+)?", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"\d{1,9}", re.ASCII)
DIGITS = re.compile(r"(\d+)(?:[.,]0+)?", re.ASCII)

NO_ID = {"", "nan", "na", "n/a", "null", "none"}
"""What programs write for an id that is missing."""

Line = tuple[int, Mapping[str, str]]
"""The number of a line, counted from 1 as editors do, and its values by column."""


def read_lines(path: Path, needed: Sequence[str]) -> list[Line]:
    """Return the rows of a table without blank ones; names of columns may have any case.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for a missing or doubled column, no row, a row of another length than the header, a quote that is
        not closed, another encoding than UTF-8, or a patient without an id or with two spellings of it.
    """
    text = _decoded(path)
    columns, rows = _table(text, _separator(text), path.name)
    if missing := [name for name in needed if name not in columns]:
        raise refused(f"{path.name} must have the columns {', '.join(needed)}; there is no {' and no '.join(missing)}")
    if any(columns.count(name) > 1 for name in columns if name):
        raise refused(f"{path.name} has a column twice")
    if not rows:
        raise refused(f"{path.name} has no row")
    lines = [(number, dict(zip(columns, _as_long(cells, columns, number), strict=True))) for number, cells in rows]
    refuse_two_spellings((number, row["patient"]) for number, row in lines)
    return [(number, {name: cell.strip() for name, cell in row.items()}) for number, row in lines]


def refused(reason: str, line: int | None = None) -> RunRefusedError:
    """Return the refusal of a file, for one of its lines."""
    return RunRefusedError(Code.E_SCHEMA, reason if line is None else f"line {line}: {reason}")


def _decoded(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refused(f"{path.name} is not written in UTF-8") from None


def _separator(text: str) -> str:
    """Return the separator that is most frequent in the first line that is not blank."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=header.count)


def _table(text: str, separator: str, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    try:
        rows = list(_numbered(reader))
    except csv.Error:
        raise refused(f"{name} is no regular CSV file; is a quote not closed?") from None
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    columns = [cell.strip().lower() for cell in filled[0][1]] if filled else []
    return columns, filled[1:]


def _numbered(reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line."""
    first = 1
    for cells in reader:
        yield first, cells
        first = getattr(reader, "line_num", first) + 1


def _as_long(cells: list[str], columns: Sequence[str], line: int) -> list[str]:
    if len(cells) != len(columns):
        raise refused(f"{len(cells)} values, but the header has {len(columns)}", line)
    return cells


def refuse_two_spellings(patients: Iterable[tuple[int, str]]) -> None:
    """Refuse ids that are the same but for case, blanks, invisible characters or the zeros of a spreadsheet.

    They are one patient or two, and nothing in the file says which.

    Parameters
    ----------
    patients
        The number of the line, and the id.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` with both lines; also for a missing id.
    """
    seen: dict[str, tuple[int, str]] = {}
    for line, patient in patients:
        if (plain := _plain(patient)) in NO_ID:
            raise refused("a row has no patient", line)
        first, spelling = seen.setdefault(plain, (line, patient))
        if spelling != patient:
            raise refused(f"the patient of line {first} is spelt in another way; is it the same patient?", line)


def _plain(patient: str) -> str:
    """Return an id without case, blanks and invisible characters; a number without leading zeros and '.0'."""
    folded = unicodedata.normalize("NFKC", patient).casefold()
    plain = "".join("-" if unicodedata.category(c) == "Pd" else c for c in folded if not _is_blank(c))
    number = DIGITS.fullmatch(plain)
    return str(int(number[1])) if number else plain


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cf", "Cc")


def probability(text: str, column: str, line: int) -> float:
    """Return a number from 0 to 1, which may have a decimal comma.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for anything else, such as nothing, 'nan', 'inf' or 1.2.
    """
    value = float(text.replace(",", ".")) if NUMBER.fullmatch(text) else -1.0
    if not 0 <= value <= 1:
        raise refused(f"{column} is no number from 0 to 1", line)
    return value


def whole_number(text: str, column: str, line: int) -> int:
    """Return a whole number that is not negative.

    Raises
    ------
    RunRefusedError
        ``E_SCHEMA`` for anything else.
    """
    if not WHOLE.fullmatch(text):
        raise refused(f"{column} is no whole number", line)
    return int(text)
