"""Patches of many patients that are read piece by piece: from an array in memory, or from a file larger than that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Rows = NDArray[np.int64]

CHUNK = 256
"""Patches that are read, or evaluated by a network, at once: about 0.8 MB each in its first layer."""


class Images(Protocol):
    """Patches (n, size, size) that are read by their numbers; an array in memory is one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n, size, size)."""

    def __getitem__(self, rows: Rows, /) -> Float:
        """Return the patches with these numbers."""


@dataclass(frozen=True)
class PatchFile:
    """Patches in a file of float32 values without a header; only what is asked for is in memory."""

    path: Path
    shape: tuple[int, int, int]

    def __getitem__(self, rows: Rows, /) -> Float:
        """Return the patches with these numbers."""
        # A map that stayed open would keep every page in memory that was ever read.
        return np.memmap(self.path, np.float32, "r", shape=self.shape)[rows].view(np.ndarray)

    def write(self, rows: Rows, patches: Float) -> None:
        """Write the patches with these numbers; the file is made if it does not exist."""
        mode: Literal["r+", "w+"] = "r+" if self.path.exists() else "w+"
        np.memmap(self.path, np.float32, mode, shape=self.shape)[rows] = patches


@dataclass(frozen=True)
class Selected:
    """Some patches of others, by number, without a copy of them."""

    images: Images
    rows: Rows

    @property
    def shape(self) -> tuple[int, ...]:
        """Return (n, size, size)."""
        return (len(self.rows), *self.images.shape[1:])

    def __getitem__(self, rows: Rows, /) -> Float:
        """Return the patches with these numbers."""
        return self.images[self.rows[rows]]


def select(images: Images, rows: Rows) -> Selected:
    """Return some patches; of a selection, as a selection of what that was made from."""
    if isinstance(images, Selected):
        return Selected(images.images, images.rows[rows])
    return Selected(images, rows)


def chunks(images: Images, size: int | None = None) -> Iterator[Float]:
    """Yield all patches in order, `CHUNK` at a time if no other size is given."""
    count, size = images.shape[0], size or CHUNK
    for start in range(0, count, size):
        yield images[np.arange(start, min(start + size, count))]


class PatchRows(Mapping[str, Float]):
    """The patch of each patient, in one array or file that all trainings share."""

    def __init__(self, patients: Sequence[str], images: Images) -> None:
        self.images = images
        self._row = {patient: row for row, patient in enumerate(patients)}

    def __getitem__(self, patient: str, /) -> Float:
        """Return the patch of a patient."""
        return self.images[np.array([self._row[patient]])][0]

    def __iter__(self) -> Iterator[str]:
        """Return the patients in the order of the rows."""
        return iter(self._row)

    def __len__(self) -> int:
        """Return the number of patients."""
        return len(self._row)

    def of(self, patients: Sequence[str]) -> Selected:
        """Return the patches of some patients, in their order."""
        return select(self.images, np.array([self._row[patient] for patient in patients], dtype=np.int64))


def in_one_array(patches: Mapping[str, Float]) -> PatchRows:
    """Return patches as rows of one array; those that are so already are not copied."""
    if isinstance(patches, PatchRows):
        return patches
    return PatchRows(list(patches), np.array(list(patches.values()), dtype=np.float32))
