"""The messages between the sandbox and its child: files as length and bytes, answers as lines of JSON."""

import json
import struct
from typing import IO

from idh_tasks.codes import Code
from idh_tasks.errors import InstanceRejectedError, InstanceSkippedError, UidMismatchError

READY = b"ready\n"
LENGTH = struct.Struct("<Q")
ERRORS = {kind.__name__: kind for kind in (InstanceRejectedError, InstanceSkippedError, UidMismatchError)}
"""What the gate raises, by the name of the type."""


def write_file(stream: IO[bytes], content: bytes) -> None:
    """Send a file."""
    stream.writelines((LENGTH.pack(len(content)), content))
    stream.flush()


def read_file(stream: IO[bytes]) -> bytes | None:
    """Return the next file, or None at the end of the stream."""
    header = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(header)[0]) if len(header) == LENGTH.size else None


def encode_answer(error: InstanceRejectedError | None) -> bytes:
    """Return the answer to a file as a line."""
    answer = [type(error).__name__, error.code, error.reason] if error else []
    return json.dumps(answer).encode() + b"\n"


def decode_answer(line: bytes) -> InstanceRejectedError | None:
    """Return the error that a line states, if it states one."""
    answer = json.loads(line)
    if not answer:
        return None
    kind, code, reason = answer
    return ERRORS[kind](Code(code), reason)
