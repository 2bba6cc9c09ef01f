"""Cuts a stream of bytes into chunks, which are encrypted one by one."""

from collections.abc import Iterable, Iterator

CHUNK_BYTES = 2**20


def chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in chunks, all of which but the last have `CHUNK_BYTES`."""
    pending = bytearray()
    for piece in pieces:
        if not pending and len(piece) == CHUNK_BYTES:
            yield piece
            continue
        pending += piece
        while len(pending) >= CHUNK_BYTES:
            yield bytes(pending[:CHUNK_BYTES])
            del pending[:CHUNK_BYTES]
    if pending:
        yield bytes(pending)
