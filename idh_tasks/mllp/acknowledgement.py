"""Acknowledgements in original mode (HL7 2.9.2): accepted (AA), not stored (AE), or not a message (AR)."""

import re
from datetime import UTC, datetime
from typing import Literal

import hl7

Answer = Literal["AA", "AE", "AR"]
HEADER = re.compile(r"MSH([^\w\s])[^\w\s]{4,5}\1[^\r\n]*")
FIELDS = 12
"""An acknowledgement repeats fields of the header up to the version (MSH-12)."""
TYPE, CONTROL_ID = 9, 10
CODEC = "latin-1"
"""Repeats every byte of a header as it is, whatever its character set."""


class UnreadableHeaderError(ValueError):
    """A frame that does not begin with a message header; the text quotes none of it."""


def read_header(content: bytes) -> hl7.Message:
    """Return the header of a message; the rest is not read.

    Raises
    ------
    UnreadableHeaderError
        If it does not begin with a header that states separators, type with event (MSH-9), and control id (MSH-10).
    """
    found = HEADER.match(content.decode(CODEC))
    if found is None:
        raise UnreadableHeaderError("the frame does not begin with a message header (MSH)")
    text = found.group()
    header = hl7.parse(text + found[1] * max(0, FIELDS - text.count(found[1])))
    kind, control_id = str(header[0][TYPE]).split(header.separators[3]), str(header[0][CONTROL_ID])
    if len(kind) < 2 or not all(kind[:2]) or not control_id:
        raise UnreadableHeaderError("the header states no type (MSH-9) or no control id (MSH-10)")
    return header


def acknowledge(header: hl7.Message, answer: Answer, reason: str = "") -> bytes:
    """Return the acknowledgement of a message.

    Parameters
    ----------
    reason
        Why it was not accepted (MSA-3), without any identifier.
    """
    acknowledgement = header.create_ack(answer)
    if reason:
        acknowledgement.segment("MSA").assign_field(reason, 3)
    return str(acknowledgement).encode(CODEC)


def reject(reason: str) -> bytes:
    """Return the acknowledgement of something that is not a message: rejected, with the reason in MSA-3."""
    now = datetime.now(UTC)
    return f"MSH|^~\\&|IDH||||{now:%Y%m%d%H%M%S}||ACK|{now:%Y%m%d%H%M%S%f}|P|2.5\rMSA|AR||{reason}\r".encode(CODEC)
