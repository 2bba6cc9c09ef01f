"""Opens a delivered archive inside limits; nothing is written to disk."""

import zipfile
from io import BytesIO

from idh_tasks.errors import StudyQuarantinedError

MAX_ENTRIES = 20_000
MAX_BYTES = 4 * 2**30
MAX_RATIO = 200


def unzip(content: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by name.

    Raises
    ------
    StudyQuarantinedError
        ``E_ARCHIVE`` for a broken archive, a bomb, a link or a path that leaves the archive.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries)
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        raise StudyQuarantinedError("E_ARCHIVE", "the archive cannot be read; deliver it again") from None


def _check(entries: list[zipfile.ZipInfo]) -> None:
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES or size > min(MAX_BYTES, MAX_RATIO * max(packed, 1)):
        raise StudyQuarantinedError("E_ARCHIVE", "the archive holds more than the limits allow")
    for entry in entries:
        link = (entry.external_attr >> 28) == 0o12
        if link or entry.filename.startswith("/") or ".." in entry.filename.split("/"):
            raise StudyQuarantinedError("E_ARCHIVE", "the archive holds a link or a path that leaves it")


def pack(files: dict[str, bytes]) -> bytes:
    """Return a ZIP of the files, bit-identical for the same files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name])
    return buffer.getvalue()
