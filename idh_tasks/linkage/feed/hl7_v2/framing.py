"""Splits the bytes of a file into lines and the lines into messages, whatever frames and separates them (HL7 2.3)."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from idh_tasks.linkage.feed.hl7_v2.held import hold

HEADERS, TRAILERS = (b"MSH", b"FHS", b"BHS"), (b"BTS", b"FTS")
START, END = b"\x0b", b"\x1c"
"""The bytes that frame a message in MLLP."""
LINE_END = re.compile(rb"\r\n|\r|\n")
SEPARATOR = re.compile(rb"[\x0b\x1c]|\xef\xbb\xbf(?=[ \t\x0b\x1c]*(?:MSH|FHS|BHS|$))")
"""Framing bytes, and the byte order mark of a file that was appended to another."""
HEADER_WITHIN = re.compile(rb".MSH(\W)[^\w\s]{4,5}\1|\wPID(\W)\d*\2(?:(?!\2).)*\2(?:(?!\2).)+\2", re.DOTALL)
"""A message or a patient that begins within another segment, because a line end is missing."""


@dataclass(frozen=True)
class Line:
    """One segment: its line in the file, counted from 1, its bytes, and the line end after it."""

    number: int
    content: bytes
    end: bytes

    @property
    def name(self) -> bytes:
        """Return the name of the segment."""
        return self.content[:3]

    def __repr__(self) -> str:
        return f"Line({self.number})"


Chunk = tuple[Line, ...]
"""The lines of one message, or one header or trailer of a file or batch."""


def split_messages(content: bytes) -> list[Chunk]:
    """Return messages, headers and trailers in their order.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` if there is no message, a segment precedes the first header, a message mixes its line ends
        (one of them is then part of a value), or a frame or the last result is cut off.
    """
    _check_frames(content)
    lines = list(_lines(content))
    if not any(line.name == b"MSH" for line in lines):
        hold("the file does not contain an HL7 message")
    starts = [n for n, line in enumerate(lines) if line.name in HEADERS + TRAILERS]
    if starts[0] != 0:
        hold("a segment precedes the first message header", lines[0].number)
    chunks = [tuple(lines[a:b]) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    for chunk in chunks:
        _check(chunk)
    _check_end(lines[-1])
    return chunks


def _lines(content: bytes) -> Iterator[Line]:
    ends = [*LINE_END.findall(content), b""]
    for number, (text, end) in enumerate(zip(LINE_END.split(content), ends, strict=True), start=1):
        for part in filter(bytes.strip, SEPARATOR.split(text)):
            stripped = part.lstrip()
            yield Line(number, stripped if stripped.startswith(HEADERS) else part, end)


def _check_frames(content: bytes) -> None:
    """Hold a file in which a frame is not closed; a file with start bytes only uses them as separators."""
    if 0 < content.count(END) < content.count(START):
        hold("a frame is not closed; the file is truncated")


def _check(chunk: Chunk) -> None:
    first = chunk[0]
    if first.name != b"MSH" and len(chunk) > 1:
        hold("a segment is outside every message", chunk[1].number)
    ends = Counter(line.end for line in chunk[:-1])
    if len(ends) > 1:
        odd = next(line for line in chunk if line.end != ends.most_common(1)[0][0])
        hold("a message mixes line ends, so that one of them is part of a value", odd.number)
    for line in chunk:
        if HEADER_WITHIN.search(line.content):
            hold("a message or a patient begins within another segment", line.number)


def _check_end(last: Line) -> None:
    """Hold a file that ends within a result, before its status (OBX-11)."""
    if last.name == b"OBX" and not last.end and last.content.count(last.content[3:4]) < 11:
        hold("the file ends within a result", last.number)
