"""Where a training goes on after it was killed: whole checkpoints under a name, or none."""

import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.selection import Best

DIGEST = 32


@dataclass(frozen=True)
class Progress:
    """A training after so many epochs: loss, the curve so far, weights and optimiser, and the best so far if kept."""

    epoch: int
    loss: float
    curve: tuple[tuple[int, float], ...]
    state: Sequence[NDArray[np.float32]]
    best: Best | None = None


class Checkpoints(Protocol):
    """Keeps the latest checkpoint of each fold."""

    def load(self, fold: int) -> bytes | None:
        """Return the latest one, or nothing."""

    def save(self, fold: int, progress: Progress) -> None:
        """Replace it, whole or not at all."""


@dataclass(frozen=True)
class FolderCheckpoints:
    """Checkpoints in a folder."""

    folder: Path

    def load(self, fold: int) -> bytes | None:
        """Return the latest checkpoint of a fold; what a kill left half-written is removed."""
        path = self._path(fold)
        path.with_suffix(".tmp").unlink(missing_ok=True)
        return path.read_bytes() if path.exists() else None

    def save(self, fold: int, progress: Progress) -> None:
        """Write to a temporary name, then publish."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self._path(fold).with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.write(packed(progress))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path(fold))

    def _path(self, fold: int) -> Path:
        return self.folder / f"fold{fold}.ckpt"


class NoCheckpoints:
    """Keeps nothing, for trainings of seconds."""

    def load(self, fold: int) -> bytes | None:  # noqa: ARG002 - the protocol's
        """Return nothing."""
        return None

    def save(self, fold: int, progress: Progress) -> None:
        """Forget it."""


def packed(progress: Progress) -> bytes:
    """Return a checkpoint as bytes that begin with their own hash."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = _numbered("state", progress.state)
    if progress.best:
        arrays |= _numbered("best", progress.best.weights) | {"at": (progress.best.epoch, progress.best.loss)}
    curve = np.array(progress.curve, dtype=np.float64).reshape(-1, 2)
    np.savez(buffer, epoch=progress.epoch, loss=progress.loss, curve=curve, **arrays)
    content = buffer.getvalue()
    return hashlib.sha256(content).digest() + content


def unpacked(content: bytes | None) -> Progress | None:
    """Return a checkpoint whose hash is right; one that is not whole counts for none."""
    if content is None or hashlib.sha256(content[DIGEST:]).digest() != content[:DIGEST]:
        return None
    with np.load(io.BytesIO(content[DIGEST:]), allow_pickle=False) as found:
        curve = tuple((int(epoch), float(loss)) for epoch, loss in found["curve"])
        best = Best(int(found["at"][0]), float(found["at"][1]), _arrays(found, "best")) if "at" in found else None
        return Progress(int(found["epoch"]), float(found["loss"]), curve, _arrays(found, "state"), best)


def _numbered(name: str, parts: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    return {f"{name}{number:03d}": part for number, part in enumerate(parts)}


def _arrays(found: Mapping[str, NDArray[np.float32]], name: str) -> list[NDArray[np.float32]]:
    return [found[key] for key in sorted(found) if key.startswith(name)]
