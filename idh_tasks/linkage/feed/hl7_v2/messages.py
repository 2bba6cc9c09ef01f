"""The messages of a file: decoded, with valid segments, and as many as the file states (HL7 2.10.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import hl7

from idh_tasks.linkage.feed.decoding import DecodingError, decode
from idh_tasks.linkage.feed.hl7_v2.fields import Segment
from idh_tasks.linkage.feed.hl7_v2.framing import Chunk, Line, split_messages
from idh_tasks.linkage.feed.hl7_v2.held import hold

SEGMENTS = frozenset((
    "MSH", "SFT", "UAC", "EVN", "PID", "PD1", "PV1", "PV2", "MRG", "NK1", "NTE", "ORC", "OBR", "OBX", "SPM", "TQ1",
    "TQ2", "CTD", "CTI", "FT1", "AL1", "DG1", "DRG", "GT1", "IN1", "IN2", "IN3", "ACC", "UB1", "UB2", "ROL", "ARV",
    "PRT", "PR1", "DB1", "PDA", "CON", "BLG", "SAC", "OH1", "OH2", "OH3", "OH4", "FHS", "BHS", "BTS", "FTS",
))  # fmt: skip
"""Segments of results and merges. Any other word of three capitals may be a line of a text, and DSC or ADD continue
a message that is then incomplete (2.10.2)."""
LOCAL = re.compile(r"Z[A-Z0-9]{2}")
ENCODING = re.compile(r"[^\w\s]{4,5}")


@dataclass(frozen=True)
class Message:
    """One message; the first segment is MSH."""

    segments: tuple[Segment, ...]

    @property
    def header(self) -> Segment:
        """Return the message header."""
        return self.segments[0]

    @property
    def kind(self) -> str:
        """Return the type and the event, such as ORU^R01 (MSH-9)."""
        return f"{self.header.text(9, 1)}^{self.header.text(9, 2)}"


def read_messages(content: bytes) -> list[Message]:
    """Return the messages of a file, of a batch, or of a stream.

    Raises
    ------
    FileHeldError
        ``E_FEED_FORMAT`` with the line, if anything of it is not a valid message.
    """
    chunks = split_messages(content)
    charsets = [_charset(chunk[0]) for chunk in chunks]
    texts = [_decoded(chunk, charset) for chunk, charset in zip(chunks, charsets, strict=True)]
    try:
        batches = list(hl7.parse_file("\r".join(texts) + "\r"))
    except Exception:  # the parser raises many types, some quoting the message
        hold("the file is not valid HL7 version 2")
    _check_counts(chunks, texts, [len(batch) for batch in batches])
    parsed = [message for batch in batches for message in batch]
    headed = [(chunk, charset) for chunk, charset in zip(chunks, charsets, strict=True) if chunk[0].name == b"MSH"]
    return [_message(chunk, message, charset) for (chunk, charset), message in zip(headed, parsed, strict=True)]


def _message(chunk: Chunk, parsed: hl7.Message, charset: str) -> Message:
    pairs = zip(chunk, parsed, strict=True)
    return Message(tuple(Segment(line.number, segment, charset) for line, segment in pairs))


def _charset(header: Line) -> str:
    """Return the declared character set: the first repetition of MSH-18."""
    fields = header.content.split(header.content[3:4] or b"|") if header.name == b"MSH" else []
    stated = fields[17] if len(fields) > 17 else b""
    return stated.split(fields[1][1:2])[0].decode("ascii", errors="replace") if stated and fields[1][1:2] else ""


def _decoded(chunk: Chunk, charset: str) -> str:
    return "\r".join(_segment(line, charset, chunk[0].content[3:4]) for line in chunk)


def _segment(line: Line, charset: str, separator: bytes) -> str:
    try:
        text = decode(line.content, charset)
    except DecodingError as error:
        hold(str(error), line.number)
    name, after = text[:3], text[3:4]
    if (name not in SEGMENTS and not LOCAL.fullmatch(name)) or after not in ("", separator.decode("latin-1")):
        hold("a line is not a segment that results and merges have; a value may contain a line break", line.number)
    if name in ("MSH", "FHS", "BHS"):
        _check_separators(text, line.number)
    return text


def _check_separators(header: str, line: int) -> None:
    """Hold a message whose separators (MSH-1 and MSH-2) are missing, incomplete or not distinct."""
    field = header[3:4]
    encoding = header[4:].partition(field)[0] if field else ""
    if not ENCODING.fullmatch(encoding) or field.isalnum() or len({field, *encoding}) != 1 + len(encoding):
        hold("the header does not state its separators", line)


def _check_counts(chunks: Sequence[Chunk], texts: Sequence[str], sizes: Sequence[int]) -> None:
    """Compare the counts that trailers state (BTS-1, FTS-1) with what is there; a missing trailer is a cut file."""
    names = [chunk[0].name.decode("latin-1") for chunk in chunks]
    batches, files = names.count("BHS"), names.count("FHS")
    if (batches, files) != (names.count("BTS"), names.count("FTS")) or (batches and len(sizes) != batches):
        hold("a header and a trailer of the file or of a batch are not paired; the file is truncated")
    trailers = [(chunk[0].number, text) for chunk, text in zip(chunks, texts, strict=True)]
    ends = [(line, text) for line, text in trailers if text.startswith("BTS")]
    for (line, text), size in zip(ends, sizes, strict=False):
        _check_count(text, {size}, line)
    for line, text in (t for t in trailers if t[1].startswith("FTS")):
        _check_count(text, {batches} if batches else {0, 1, sum(sizes)}, line)


def _check_count(trailer: str, there: set[int], line: int) -> None:
    stated = trailer[4:].partition(trailer[3:4])[0].strip() if trailer[3:4] else ""
    if stated and not (stated.isdecimal() and int(stated) in there):
        hold("the trailer states another number of messages or batches; the file is truncated", line)
