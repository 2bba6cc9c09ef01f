"""Reads what a server sends within limits: packed answers unpack piece by piece, never to more than is allowed.

The libraries unpack a whole answer, or whatever fits into a piece of it, before anyone can look.
"""

import zlib
from collections.abc import Iterable, Iterator

from idh_tasks.domain.chunks import CHUNK_BYTES

ACCEPTED_CODINGS = {"Accept-Encoding": "gzip"}
"""What a request must say, so that no other content coding comes back (RFC 9110 12.5.3)."""
MAX_ANSWER_BYTES = 64 * 2**20
"""The largest page of a listing: a thousand studies or reports take a few MiB."""
PLAIN, PACKED = ("", "identity"), ("gzip", "x-gzip", "deflate")


class AnswerRefusedError(Exception):
    """An answer is too large, packed in a way that was not asked for, or damaged."""


def inflated(pieces: Iterable[bytes], coding: str, most: int) -> Iterator[bytes]:
    """Yield the body of an answer piece by piece.

    Raises
    ------
    AnswerRefusedError
        As soon as it is larger than allowed, or if its content coding is unknown or broken.
    """
    size = 0
    for piece in _decoded(pieces, coding.strip().lower()):
        size += len(piece)
        if size > most:
            raise AnswerRefusedError
        yield piece


def _decoded(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    if coding in PLAIN:
        yield from pieces
        return
    if coding not in PACKED:
        raise AnswerRefusedError
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # the header tells gzip from zlib
    for piece in pieces:
        yield from _unpacked(inflater, piece)
    if not inflater.eof:
        raise AnswerRefusedError


def _unpacked(inflater: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    pending = piece
    while pending and not inflater.eof:
        try:
            yield inflater.decompress(pending, CHUNK_BYTES)
        except zlib.error:
            raise AnswerRefusedError from None
        pending = inflater.unconsumed_tail
