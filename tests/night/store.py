"""An object store in memory; of what history refers to, it holds one object of each kind."""

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO
from zipfile import ZipFile

import numpy as np

from idh_tasks.store.arrays import array_bytes
from idh_tasks.store.objects import ListedObject, ObjectStore, sha256
from tests.factories import dicom_bytes, instance


def packed(name: str, content: bytes) -> bytes:
    """Return a ZIP of one file."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


class MemoryStore(ObjectStore):
    """A bucket; only what is in the drops is kept."""

    def __init__(self) -> None:
        self.delivered: dict[str, bytes] = {}
        image, patch = dicom_bytes(instance()), array_bytes(np.zeros((64, 64), np.float32))
        self._of_kind = {"zip": packed("1.dcm", image), "dcm": image, "npy": patch}

    def preflight(self) -> None:
        """Nothing is sent anywhere."""

    def listed(self, prefix: str) -> Iterator[ListedObject]:
        """Yield what was delivered."""
        for key, content in self.delivered.items():
            if key.startswith(prefix):
                yield ListedObject(key, len(content), sha256(content))

    def stream(self, key: str, etag: str | None = None) -> Iterator[bytes]:  # noqa: ARG002 - as in the base class
        """Yield what was delivered, or an object of this kind."""
        yield self.delivered[key] if key in self.delivered else self._of_kind[key.rpartition(".")[2]]

    def stream_checked(self, key: str, expected_sha256: str) -> Iterator[bytes]:  # noqa: ARG002 - as in the base class
        """Yield an object of this kind, whose hash is another one."""
        return self.stream(key)

    def put_file(self, key: str, content: BinaryIO) -> None:
        """Keep nothing: what was made is not read again."""
