"""Object keys of received messages: the same bytes always get the same key, so that they are stored once."""

import hashlib
import re

import hl7

TIME = 7
UNDATED = "undated"


def message_key(prefix: str, header: hl7.Message, content: bytes) -> str:
    """Return the key of a message; it names no patient.

    Parameters
    ----------
    prefix
        Where the feed looks for files; the key continues with the day of the message (MSH-7) and a hash.
    """
    day = re.match(r"\d{8}", str(header[0][TIME]))
    return f"{prefix}mllp/{day.group() if day else UNDATED}/{hashlib.sha256(content).hexdigest()}.hl7"
