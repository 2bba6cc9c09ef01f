"""Encodes the rows of a C-FIND as they go over the network.

pynetdicom takes a millisecond for each response, of which a year of nights has millions.
"""

import struct
from collections.abc import Iterable, Mapping
from functools import cache

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pynetdicom import evt

Row = Mapping[str, str]
"""The values of a response by keyword."""

COMMAND_GROUP_LENGTH, AFFECTED_SOP_CLASS, COMMAND, RESPONDED_TO, DATA_SET_TYPE, STATUS = (
    0x0000, 0x0002, 0x0100, 0x0120, 0x0800, 0x0900,
)  # fmt: skip
C_FIND_RSP, WITH_DATA_SET, PENDING = 0x8020, 0x0001, 0xFF00
P_DATA_TF, LAST_OF_COMMAND, LAST_OF_DATA_SET = 0x04, 0x03, 0x02


def send_rows(event: evt.Event, rows: Iterable[Row]) -> None:
    """Send a pending response for each row, ahead of the final one, for which pynetdicom waits for the handler."""
    command = _pending(event.request.MessageID or 0, event.context.abstract_syntax)
    messages = (_message(event.context.context_id, command, encoded(row)) for row in rows)
    connection = event.assoc.dul.socket
    assert connection is not None, "an association has a connection"
    connection.send(b"".join(messages))


def encoded(row: Row) -> bytes:
    """Return a row as a data set in Implicit VR Little Endian, which every peer supports (PS3.5 10.1)."""
    return b"".join(_element(tag, _padded(vr, row[keyword])) for tag, vr, keyword in _in_order(tuple(row)))


@cache
def _in_order(keywords: tuple[str, ...]) -> list[tuple[int, str, str]]:
    tags = sorted((tag_for_keyword(keyword) or 0, keyword) for keyword in keywords)
    return [(tag, dictionary_VR(tag), keyword) for tag, keyword in tags]


def _padded(vr: str, text: str) -> bytes:
    value = text.encode()
    return value if len(value) % 2 == 0 else value + (b"\0" if vr == "UI" else b" ")


def _pending(message_id: int, model: str) -> bytes:
    """Return the command set of a pending response (PS3.7 9.3.2.2)."""
    numbers = {COMMAND: C_FIND_RSP, RESPONDED_TO: message_id, DATA_SET_TYPE: WITH_DATA_SET, STATUS: PENDING}
    command = _element(AFFECTED_SOP_CLASS, _padded("UI", model))
    command += b"".join(_element(tag, struct.pack("<H", number)) for tag, number in numbers.items())
    return _element(COMMAND_GROUP_LENGTH, struct.pack("<I", len(command))) + command


def _element(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value


def _message(context_id: int, command: bytes, data_set: bytes) -> bytes:
    """Return one PDU with both parts of a message (PS3.8 9.3.5)."""
    parts = ((LAST_OF_COMMAND, command), (LAST_OF_DATA_SET, data_set))
    values = b"".join(struct.pack(">IBB", len(part) + 2, context_id, last) + part for last, part in parts)
    return struct.pack(">BxI", P_DATA_TF, len(values)) + values
