"""Files outside the memory on their way from or to the store."""

import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO, TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

PIECE_BYTES = 2**20


def pieces(content: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of an open file, piece by piece."""
    return iter(partial(content.read, PIECE_BYTES), b"")


def file_digest(content: BinaryIO, name: str) -> bytes:
    """Return the hash of a whole file, which is at its start afterwards."""
    content.seek(0)
    digest = hashlib.new(name, usedforsecurity=False)
    for piece in pieces(content):
        digest.update(piece)
    content.seek(0)
    return digest.digest()


class Scratch:
    """Room for files without identifiers: parts of one file without a name, which is gone with its last reference."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as this object
        weakref.finalize(self, self._file.close)

    def part(self) -> BinaryIO:
        """Return an empty file to write and read; write one after the other."""
        return cast("BinaryIO", _Part(self, self._file.fileno(), os.fstat(self._file.fileno()).st_size))

    def of(self, content: Iterable[bytes]) -> BinaryIO:
        """Return a file with this content."""
        part = self.part()
        for piece in content:
            part.write(piece)
        return part


class _Part(io.RawIOBase):
    def __init__(self, scratch: Scratch, descriptor: int, start: int) -> None:
        self._scratch, self._descriptor, self._start = scratch, descriptor, start
        self._at = self._size = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")[: max(self._size - self._at, 0)]
        read = os.preadv(self._descriptor, [target], self._start + self._at) if target else 0
        self._at += read
        return read

    def write(self, content: "ReadableBuffer") -> int:
        source, written = memoryview(content).cast("B"), 0
        while written < len(source):
            written += os.pwrite(self._descriptor, source[written:], self._start + self._at + written)
        self._at += written
        self._size = max(self._size, self._at)
        return written
