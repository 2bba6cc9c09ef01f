"""Opens a delivered archive within limits; nothing is written to disk."""

import tarfile
import zipfile
import zlib
from io import BytesIO

from idh_tasks.codes import Code
from idh_tasks.errors import StudyQuarantinedError

MAX_ENTRIES = 20_000
MAX_BYTES = 4 * 2**30
MAX_RATIO = 200
GZIP, TAR = b"\x1f\x8b", b"ustar"
TAR_MAGIC_AT = 257

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
"""Suffixes of the names of archives."""


def open_archive(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP, a tar or a tar.gz by name; the format is detected from the content.

    Raises
    ------
    StudyQuarantinedError
        ``E_ARCHIVE`` for a damaged archive, a decompression bomb, a link or a path that leads out of the archive.
    """
    if content.startswith(GZIP):
        content = _gunzip(content)
    return _untar(content) if content[TAR_MAGIC_AT : TAR_MAGIC_AT + 5] == TAR else unzip(content)


def unzip(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by name.

    Raises
    ------
    StudyQuarantinedError
        ``E_ARCHIVE``, as `open_archive`.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_size(len(entries), sum(e.file_size for e in entries), sum(e.compress_size for e in entries))
            for entry in entries:
                _check_path(entry.filename, link=(entry.external_attr >> 28) == 0o12)
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        raise _unreadable() from None


def _untar(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    size = 0
    try:
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as archive:
            for entry in archive:
                if entry.isdir():
                    continue
                size += entry.size
                _check_size(len(files) + 1, size, len(content))
                _check_path(entry.name, link=not entry.isreg())
                file = archive.extractfile(entry)
                files[entry.name] = file.read() if file else b""
    except (tarfile.TarError, EOFError, OSError):
        raise _unreadable() from None
    return files


def _gunzip(content: bytes) -> bytes:
    limit = min(MAX_BYTES, MAX_RATIO * len(content))
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        opened = inflater.decompress(content, limit + 1)
    except zlib.error:
        raise _unreadable() from None
    if len(opened) > limit:
        raise StudyQuarantinedError(Code.E_ARCHIVE, "the archive exceeds the limits of size or number of files")
    if not inflater.eof:
        raise _unreadable()
    return opened


def _unreadable() -> StudyQuarantinedError:
    return StudyQuarantinedError(Code.E_ARCHIVE, "the archive cannot be read; deliver it again")


def _check_size(entries: int, size: int, packed: int) -> None:
    if entries > MAX_ENTRIES or size > min(MAX_BYTES, MAX_RATIO * max(packed, 1)):
        raise StudyQuarantinedError(Code.E_ARCHIVE, "the archive exceeds the limits of size or number of files")


def _check_path(name: str, *, link: bool) -> None:
    if link or name.startswith("/") or ".." in name.split("/"):
        raise StudyQuarantinedError(Code.E_ARCHIVE, "the archive contains a link or a path that leads out of it")


def pack(files: dict[str, bytes]) -> bytes:
    """Return a ZIP of the files, bit-identical for the same files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
    return buffer.getvalue()
