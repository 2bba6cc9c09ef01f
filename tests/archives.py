"""Makes archives of every kind; names may repeat."""

import tarfile
import warnings
import zipfile
from collections.abc import Iterable
from io import BytesIO

from idh_tasks.intake.transport.archive import unzip

Named = tuple[str, bytes]


def zip_of(files: Iterable[Named], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP with these entries in this order."""
    buffer = BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name that repeats is what is tested
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def readable(key: str, content: bytes) -> bytes:
    """Return an object as it is read, so that one can search in it; archives of series are packed."""
    return b"".join(unzip(content).values()) if key.startswith("studies/") and key.endswith(".zip") else content


def tar_of(files: Iterable[Named], packing: str = "") -> bytes:
    """Return a tar with these entries in this order; `packing` may be gz."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{packing}") as archive:  # type: ignore[call-overload]
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return buffer.getvalue()
