"""Reads a workbook in a process of its own: a few hundred KiB can hold what takes minutes and gigabytes to read.

The process answers in JSON, since nothing may be unpickled that comes from one that has just read hostile bytes.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from idh_tasks.codes import Code
from idh_tasks.confined import Limits, confine, run_confined
from idh_tasks.errors import FileHeldError, without_text
from idh_tasks.linkage.feed.grid import Line
from idh_tasks.linkage.feed.workbooks import check_size, read_sheet

LIMITS = Limits(memory_bytes=3 * 2**28, seconds=30)
KINDS = {kind.__name__: kind for kind in (datetime, date, time)}
"""Types of cells that JSON does not have, and that are written in ISO 8601."""
DURATION = "timedelta"


def read_sheet_apart(content: bytes) -> Iterator[Line]:
    """Yield what `read_sheet` does, from a process with limited memory and time.

    Raises
    ------
    FileHeldError
        What it raises, or ``E_FEED_FORMAT`` if the workbook exceeds the limits.
    """
    check_size(content)
    answer = run_confined("idh_tasks.linkage.feed.workbook_process", content, LIMITS)
    if answer is None:
        raise FileHeldError(Code.E_FEED_FORMAT, "reading the workbook exceeded its limit of memory or time")
    for kind, *values in map(json.loads, answer.splitlines()):
        if kind == "held":
            raise _held(*values)
        yield Line(values[0], [_cell(value) for value in values[1]])


def _held(code: str, reason: str, line: int | None) -> FileHeldError:
    error = FileHeldError(Code(code), reason)
    error.line = line
    return error


def _answers(content: bytes) -> Iterator[bytes]:
    try:
        for line in read_sheet(content):
            yield _json("line", line.number, [_stated(cell) for cell in line.cells])
    except FileHeldError as error:
        yield _json("held", error.code, error.reason, error.line)
    except MemoryError:
        yield _json("held", Code.E_FEED_FORMAT, "reading the workbook exceeded its limit of memory", None)
    except Exception as error:  # its text may quote a cell
        yield _json("held", Code.E_FEED_FORMAT, without_text(error), None)


def _json(*answer: object) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def _stated(cell: object) -> object:
    """Return a cell as JSON has it."""
    if isinstance(cell, timedelta):
        return {DURATION: cell.total_seconds()}
    name = type(cell).__name__
    return {name: cell.isoformat()} if isinstance(cell, date | time) and name in KINDS else cell


def _cell(stated: object) -> object:
    if not isinstance(stated, dict):
        return stated
    [(name, value)] = stated.items()
    return timedelta(seconds=value) if name == DURATION else KINDS[name].fromisoformat(value)


if __name__ == "__main__":
    confine(LIMITS)
    for answer in _answers(sys.stdin.buffer.read()):
        sys.stdout.buffer.write(answer)
