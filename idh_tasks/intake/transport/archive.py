"""Opens a delivered archive within limits, file by file; what it holds goes from one spool into another place of it.

Every file counts by itself: an archive may hold several with the same name.
"""

import errno
import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import IO, BinaryIO, cast

from idh_tasks.codes import Code
from idh_tasks.domain.chunks import CHUNK_BYTES
from idh_tasks.errors import InstanceRejectedError, StudyQuarantinedError
from idh_tasks.intake.transport.budget import Budget, HeaderLimit
from idh_tasks.intake.transport.delivered import DeliveredFile
from idh_tasks.intake.transport.packing import MAX_FILE_BYTES, NotPackedError, Packing
from idh_tasks.intake.transport.spool import Spool, SpooledFile

GZIP, TAR = b"\x1f\x8b", b"ustar"
TAR_MAGIC_AT = 257
TAR_BLOCK = 512
END_OF_ZIP, EMPTY_ZIP_BYTES, MAX_COMMENT_BYTES = b"PK\5\6", 22, 2**16 - 1
"""The signature of the last record of a ZIP, its size without a comment, and the largest comment; no ZIP is smaller."""

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Suffixes of the names of archives."""
PACKED = (*ARCHIVES, ".gz")
"""Suffixes of what is opened inside a delivery, one level deep."""
PACKED_INSTANCE = ".jls"
"""Suffix of packed instances in the archives of series."""
DEFLATE_LEVEL = 1
"""Of files that cannot be packed: compressed pixels, which no level makes much smaller, and outlines."""
NIFTI = (".nii.gz", ".nii")
TOO_DEEP = InstanceRejectedError(Code.E_ARCHIVE, "an archive within an archive within an archive; deliver it unpacked")


def open_archive(packed: SpooledFile, spool: Spool) -> list[DeliveredFile]:
    """Return the files of a ZIP, a tar or a tar.gz, and those of archives in it; the content shows the format.

    Raises
    ------
    StudyQuarantinedError
        ``E_ARCHIVE`` for a damaged archive, a decompression bomb, a link or a path that leads out of the archive. An
        archive within it with such a fault, or with a further archive in it, is refused by itself.
    """
    budget = Budget.of(packed.size)
    return open_packed(_entries(packed, spool, budget), spool, budget)


def open_packed(files: list[DeliveredFile], spool: Spool, budget: Budget) -> list[DeliveredFile]:
    """Return the files with those that are archives, or compressed, replaced by what they hold."""
    return [opened for file in files for opened in _opened(file, spool, budget)]


def _opened(file: DeliveredFile, spool: Spool, budget: Budget) -> list[DeliveredFile]:
    if not _is_packed(file):
        return [file]
    try:
        inner = _entries(file.content, spool, budget, file.last_name.removesuffix(".gz"))
    except StudyQuarantinedError as error:
        return [replace(file, refusal=InstanceRejectedError(error.code, error.reason))]
    return [
        DeliveredFile(f"{file.name}!{one.name}", one.content, TOO_DEEP if _is_packed(one) else None) for one in inner
    ]


def _is_packed(file: DeliveredFile) -> bool:
    return file.last_name.endswith(PACKED) and not file.last_name.endswith(NIFTI) and not file.is_dicom


def _entries(packed: SpooledFile, spool: Spool, budget: Budget, single: str = "") -> list[DeliveredFile]:
    """Return the files of one archive; with `single`, also of a gzip that holds one file of this name."""
    with _as_quarantine():
        if packed.head.startswith(GZIP):
            packed = _gunzip(packed, spool, budget)
            if single and not _is_tar(packed):
                budget.take(1, packed.size)
                return [DeliveredFile(single, packed)]
        return list((_untar if _is_tar(packed) else _unzip)(packed, spool, budget))


def _is_tar(packed: SpooledFile) -> bool:
    return packed.head[TAR_MAGIC_AT:].startswith(TAR)


@contextmanager
def _as_quarantine() -> Iterator[None]:
    """Translate what the libraries raise for a damaged archive; a disk that fails or is full is another fault."""
    try:
        yield
    except (StudyQuarantinedError, MemoryError):
        raise
    except Exception as error:  # they have many types for it
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise _unreadable() from None


def _unreadable() -> StudyQuarantinedError:
    return StudyQuarantinedError(Code.E_ARCHIVE, "the archive cannot be read; deliver it again")


def _limited(packed: SpooledFile) -> BinaryIO:
    return cast("BinaryIO", HeaderLimit(packed.open(), packed.size))


def _unzip(packed: SpooledFile, spool: Spool, budget: Budget) -> Iterator[DeliveredFile]:
    with zipfile.ZipFile(_limited(packed)) as archive:
        _check_whole(packed, archive)
        entries = [entry for entry in archive.infolist() if not entry.is_dir() or entry.file_size]
        budget.take(len(entries), sum(entry.file_size for entry in entries))
        for entry in entries:
            _check_path(entry.filename, link=(entry.external_attr >> 28) == 0o12)
        for entry in entries:
            with archive.open(entry) as content:
                yield DeliveredFile(entry.filename, spool.write(pieces(content)))


def _check_whole(packed: SpooledFile, archive: zipfile.ZipFile) -> None:
    """Check that no other archive lies before or after a ZIP: the library sees the last one, and says nothing."""
    starts = [entry.header_offset for entry in archive.infolist()]
    with packed.open() as file:
        file.seek(max(packed.size - EMPTY_ZIP_BYTES - MAX_COMMENT_BYTES, 0))
        tail = file.read()
    after = tail[tail.rfind(END_OF_ZIP) + EMPTY_ZIP_BYTES + len(archive.comment) :]
    if min([*starts, archive.start_dir]) >= EMPTY_ZIP_BYTES or (len(after) >= EMPTY_ZIP_BYTES and any(after)):
        raise _unreadable()


def _untar(packed: SpooledFile, spool: Spool, budget: Budget) -> Iterator[DeliveredFile]:
    with tarfile.open(fileobj=_limited(packed), mode="r:") as archive:
        for entry in archive:
            budget.take(1, entry.size)
            if entry.isdir():
                continue
            _check_path(entry.name, link=not entry.isreg())
            content = archive.extractfile(entry)
            if content is None or (file := spool.write(pieces(content))).size != entry.size:
                raise _unreadable()
            yield DeliveredFile(entry.name, file)
        _check_end(packed, archive.offset)


def _check_end(packed: SpooledFile, position: int) -> None:
    """Check that only zeros follow, and some do: at a damaged or missing header, the library ends as if at the end."""
    with packed.open() as rest:
        rest.seek(position)
        if any(any(piece) for piece in pieces(rest)):
            raise _unreadable()
        rest.seek(max(packed.size - TAR_BLOCK, 0))
        if any(rest.read()):
            raise _unreadable()


def _gunzip(packed: SpooledFile, spool: Spool, budget: Budget) -> SpooledFile:
    with packed.open() as source, gzip.GzipFile(fileobj=source) as unpacking:
        return spool.write(budget.pieces(cast("IO[bytes]", unpacking)))


def pieces(content: IO[bytes]) -> Iterator[bytes]:
    """Yield what is left of an open file, piece by piece."""
    return iter(partial(content.read, CHUNK_BYTES), b"")


def _check_path(name: str, *, link: bool) -> None:
    if link or name.startswith("/") or ".." in name.split("/"):
        raise StudyQuarantinedError(Code.E_ARCHIVE, "the archive contains a link or a path that leads out of it")


def unzip(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP that the platform has packed, by name; packed instances are unpacked.

    Raises
    ------
    StudyQuarantinedError
        ``E_ARCHIVE`` if it cannot be read.
    """
    return dict(unzipped(BytesIO(content)))


def unzipped(packed: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a ZIP that the platform has packed, one at a time, as `unzip`."""
    try:
        with zipfile.ZipFile(packed) as archive:
            packing = Packing()
            for entry in archive.infolist():
                yield _restored(archive, entry, packing)
    except (zipfile.BadZipFile, NotPackedError, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        raise _unreadable() from None


def _restored(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, packing: Packing) -> tuple[str, bytes]:
    if entry.file_size > MAX_FILE_BYTES:
        raise _unreadable()
    content = archive.read(entry)
    if not entry.filename.endswith(PACKED_INSTANCE):
        return entry.filename, content
    return entry.filename.removesuffix(PACKED_INSTANCE), packing.unpack(content)


def pack_instances(target: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    """Write a ZIP of instances, which come in order, one at a time: packed, or deflated where they cannot be packed."""
    packing = Packing()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            packed = packing.pack(content)
            if packed is not None:
                archive.writestr(zipfile.ZipInfo(name + PACKED_INSTANCE), packed)
            else:
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, DEFLATE_LEVEL)


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of the files, bit-identical for the same files, for any program that reads ZIP."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
    return buffer.getvalue()


def packed_pieces(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield a ZIP of the files piece by piece, for a target in which nothing can be written twice."""
    sink = _Sink()
    with zipfile.ZipFile(cast("BinaryIO", sink), "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content)
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What zipfile needs to write one byte after the other."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._written.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Do nothing."""

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        written, self._written = b"".join(self._written), []
        return written
