"""Reads the parts of a multipart answer one at a time (RFC 2046 5.1)."""

from collections.abc import Iterable, Iterator
from email.message import Message

DELIMITER = b"\r\n--"
HEADERS_END = b"\r\n\r\n"
MAX_HEADERS_BYTES = 64 * 2**10


class MultipartError(Exception):
    """The answer is no multipart message, or ends within a part."""


def boundary_of(content_type: str) -> bytes:
    """Return what separates the parts.

    Raises
    ------
    MultipartError
        If the type is not multipart, or names no boundary.
    """
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if message.get_content_maintype() != "multipart" or not boundary:
        raise MultipartError
    return boundary.encode("latin-1", errors="replace")


def parts(pieces: Iterable[bytes], boundary: bytes, most: int) -> Iterator[bytes]:
    """Yield the content of each part without its headers.

    Raises
    ------
    MultipartError
        If the message has no end, or a part is larger than allowed.
    """
    delimiter = DELIMITER + boundary
    held, searched, first = bytearray(b"\r\n"), 0, True
    for piece in pieces:
        held += piece
        while (end := held.find(delimiter, searched)) >= 0 and len(held) >= end + len(delimiter) + 2:
            if not first:
                yield _content(bytes(held[:end]))
            if held[end + len(delimiter) :].startswith(b"--"):
                return
            del held[: end + len(delimiter)]
            first, searched = False, 0
        searched = max(len(held) - len(delimiter) - 2, 0) if end < 0 else end
        if len(held) > most + MAX_HEADERS_BYTES:
            raise MultipartError
    raise MultipartError


def _content(part: bytes) -> bytes:
    """Return what follows the headers; a part without headers starts with an empty line."""
    headers, separator, content = part.partition(HEADERS_END)
    if not separator or len(headers) > MAX_HEADERS_BYTES:
        raise MultipartError
    return content
