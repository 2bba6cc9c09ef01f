"""What the archives of one delivery may unpack to, all of them and all their levels together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

from idh_tasks.codes import Code
from idh_tasks.domain.chunks import CHUNK_BYTES
from idh_tasks.errors import StudyQuarantinedError

MAX_ENTRIES = 20_000
MAX_BYTES = 4 * 2**30
MAX_RATIO = 200
MAX_HEADER_BYTES = 8 * 2**20
"""The largest directory of a ZIP, or header in a tar: the libraries read them as a whole."""


@dataclass
class Budget:
    """How many files, and how many unpacked bytes, are left."""

    entries: int
    size: int

    @classmethod
    def of(cls, packed: int) -> "Budget":
        """Return what a delivery of this size may unpack to."""
        return cls(MAX_ENTRIES, min(MAX_BYTES, MAX_RATIO * packed))

    def take(self, entries: int, size: int) -> None:
        """Take what a header states, before it is unpacked.

        Raises
        ------
        StudyQuarantinedError
            ``E_ARCHIVE`` if it is more than is left.
        """
        if entries > self.entries or size > self.size:
            raise StudyQuarantinedError(Code.E_ARCHIVE, "the archive exceeds the limits of size or number of files")
        self.entries -= entries
        self.size -= size

    def pieces(self, unpacking: IO[bytes]) -> Iterator[bytes]:
        """Yield what unpacks from a stream whose header states no size; it is not taken yet.

        Raises
        ------
        StudyQuarantinedError
            ``E_ARCHIVE`` as soon as it is more than is left.
        """
        probe = Budget(self.entries, self.size)
        while piece := unpacking.read(CHUNK_BYTES):
            probe.take(0, len(piece))
            yield piece


class HeaderLimit:
    """A file that refuses to be read in larger pieces than any header is, for libraries that read what is stated."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Read a piece.

        Raises
        ------
        StudyQuarantinedError
            ``E_ARCHIVE`` for a larger one.
        """
        asked = max(self._size - self.tell(), 0) if size is None or size < 0 else size
        if asked > MAX_HEADER_BYTES:
            raise StudyQuarantinedError(Code.E_ARCHIVE, "a directory or header of the archive is too large")
        return self._file.read(size)
