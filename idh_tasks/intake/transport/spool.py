"""Keeps received files outside the memory: in a file without a name, encrypted with a key that only this process has.

A delivery may be larger than the memory, and no identifier of a patient may lie in a readable file. The file has no
name from the start, so that nothing of it is left when the process ends, however it ends.
"""

import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from idh_tasks.domain.chunks import CHUNK_BYTES, chunks

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD_BYTES = 512
"""What stays in memory of every file: by these bytes it is recognised."""
TAG_BYTES, NONCE_BYTES = 16, 12


class Spool:
    """Room for files of any total size; threads may share it, and it is gone with its last reference."""

    def __init__(self) -> None:
        # Buffered writes of several threads would mix: positions are given with every call instead.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it lives as long as this object
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._end = 0
        self._lock = Lock()
        weakref.finalize(self, self._file.close)

    def add(self, content: bytes) -> "SpooledFile":
        """Keep a file."""
        return self.write(content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES))

    def write(self, pieces: Iterable[bytes]) -> "SpooledFile":
        """Keep a file that arrives in pieces of any size."""
        positions, size, head = [], 0, b""
        for chunk in chunks(pieces):
            head = head or chunk[:HEAD_BYTES]
            positions.append(self._append(chunk))
            size += len(chunk)
        return SpooledFile(self, tuple(positions), size, head)

    def chunk(self, position: int, size: int) -> bytes:
        """Return a chunk that was kept."""
        sealed = os.pread(self._file.fileno(), size + TAG_BYTES, position)
        return self._cipher.decrypt(_nonce(position), sealed, None)

    def _append(self, chunk: bytes) -> int:
        with self._lock:
            position = self._end
            self._end += len(chunk) + TAG_BYTES
        sealed = memoryview(self._cipher.encrypt(_nonce(position), chunk, None))
        written = 0
        while written < len(sealed):
            written += os.pwrite(self._file.fileno(), sealed[written:], position + written)
        return position


def _nonce(position: int) -> bytes:
    """Return the nonce of a chunk: no two of a spool are at the same position."""
    return position.to_bytes(NONCE_BYTES)


@dataclass(frozen=True, repr=False, slots=True)
class SpooledFile:
    """A file in a spool; `head` is its start."""

    spool: Spool
    positions: tuple[int, ...]
    size: int
    head: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the file, which is read for it."""
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()

    def read(self) -> bytes:
        """Return the whole file."""
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """Yield the file in chunks."""
        return (self.chunk(number) for number in range(len(self.positions)))

    def chunk(self, number: int) -> bytes:
        """Return the chunk with this number."""
        size = min(CHUNK_BYTES, self.size - number * CHUNK_BYTES)
        return self.spool.chunk(self.positions[number], size)

    def open(self) -> BinaryIO:
        """Return the file as one that is open for reading; it holds a chunk in memory."""
        return cast("BinaryIO", io.BufferedReader(_Reader(self)))


class _Reader(io.RawIOBase):
    """Reads a spooled file from any position."""

    def __init__(self, file: SpooledFile) -> None:
        self._file = file
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if self._at < 0:
            raise OSError("a position before the start of the file")
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        target = memoryview(buffer).cast("B")
        number, start = divmod(self._at, CHUNK_BYTES)
        if number >= len(self._file.positions):
            return 0
        if self._held[0] != number:
            self._held = (number, self._file.chunk(number))
        piece = self._held[1][start : start + len(target)]
        target[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class ReceivedFiles(MutableMapping[str, bytes]):
    """Received files by name; their contents are in a spool, and only one at a time in memory."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.spooled: dict[str, SpooledFile] = {}

    def __setitem__(self, name: str, content: bytes) -> None:
        self.spooled[name] = self._spool.add(content)

    def __getitem__(self, name: str) -> bytes:
        return self.spooled[name].read()

    def __delitem__(self, name: str) -> None:
        del self.spooled[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.spooled)

    def __len__(self) -> int:
        return len(self.spooled)

    def __contains__(self, name: object) -> bool:
        return name in self.spooled
