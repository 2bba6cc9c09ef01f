"""Reads preamble and file meta information byte by byte, before any library sees the file (PS3.10 7.1)."""

import struct
from dataclasses import dataclass

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError

PREAMBLE = 128
START = PREAMBLE + 4
MAX_META_BYTES = 64 * 2**10
LONG_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"))
TRANSFER_SYNTAX, INSTANCE_UID = 0x0010, 0x0003


@dataclass(frozen=True)
class FileMeta:
    """What the file meta information states, and where it ends; `instance_uid` is empty if it is not stated."""

    transfer_syntax: str
    instance_uid: str
    end: int
    preamble_used: bool


def read_file_meta(content: bytes) -> FileMeta:
    """Read the file meta information of a DICOM file; its group length must be correct.

    Raises
    ------
    InstanceRejectedError
        ``E_NOT_DICOM`` without the prefix, ``E_FILE_META`` for a wrong length or a missing transfer syntax.
    """
    if content[PREAMBLE:START] != b"DICM":
        raise InstanceRejectedError(Code.E_NOT_DICOM, "the file is not a DICOM file (PS3.10)")
    values, position, stated_end = {}, START, None
    while content[position : position + 2] == b"\x02\x00":
        number, value, position = _element(content, position)
        if number == 0:
            stated_end = position + int.from_bytes(value, "little")
        values[number] = value
    if stated_end is not None and stated_end != position:
        raise InstanceRejectedError(Code.E_FILE_META, "the group length of the file meta information is wrong")
    if TRANSFER_SYNTAX not in values:
        raise InstanceRejectedError(Code.E_FILE_META, "the file meta information names no transfer syntax")
    return FileMeta(
        _text(values[TRANSFER_SYNTAX]), _text(values.get(INSTANCE_UID, b"")), position, any(content[:PREAMBLE])
    )


def _text(value: bytes) -> str:
    return value.rstrip(b"\0 ").decode("ascii", errors="replace")


def _element(content: bytes, position: int) -> tuple[int, bytes, int]:
    """Return element number, value and end of an element in explicit VR little endian (PS3.5 7.1.2)."""
    try:
        number, vr = struct.unpack_from("<H2s", content, position + 2)
        long = vr in LONG_VRS
        (length,) = struct.unpack_from("<I" if long else "<H", content, position + (8 if long else 6))
    except struct.error:
        raise InstanceRejectedError(Code.E_FILE_META, "the file ends within its file meta information") from None
    start = position + (12 if long else 8)
    if not vr.isalpha() or start + length > min(len(content), START + MAX_META_BYTES):
        raise InstanceRejectedError(Code.E_FILE_META, f"element (0002,{number:04X}) has an impossible length or VR")
    return number, content[start : start + length], start + length
