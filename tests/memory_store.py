"""An object store in memory, which counts what is read."""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from idh_tasks.store.objects import ObjectStore


class MemoryStore(ObjectStore):
    """A bucket without a server."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads: Counter[str] = Counter()

    def stream(self, key: str, etag: str | None = None) -> Iterator[bytes]:  # noqa: ARG002 - as the store's
        """Yield an object."""
        self.reads[key] += 1
        yield self.objects[key]

    def put_file(self, key: str, content: BinaryIO) -> None:
        """Write an object."""
        self.objects[key] = content.read()
