"""Checkpoints from which a killed training resumes; a checkpoint is read whole or not at all."""

import hashlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.learning import LearningCurve
from idh_tasks.learning.selection import Best

DIGEST_BYTES = 32
CURVES = ("curve", "training_curve")


@dataclass(frozen=True)
class Checkpoint:
    """A training after some epochs.

    Parameters
    ----------
    loss
        The training loss of the last epoch.
    curve, training_curve
        The losses on held-out and on training patches so far.
    state
        The variables of network and optimiser.
    best
        The best weights so far, if weights are selected by the loss on inner patients.
    """

    epoch: int
    loss: float
    curve: LearningCurve
    state: Sequence[NDArray[np.float32]]
    best: Best | None = None
    training_curve: LearningCurve = ()


class CheckpointStore(Protocol):
    """Keeps the latest checkpoint of each fold."""

    def load(self, fold: int) -> bytes | None:
        """Return the latest checkpoint of a fold, or None."""

    def save(self, fold: int, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint of a fold atomically."""


@dataclass(frozen=True)
class FolderCheckpoints:
    """Checkpoints as files in a folder."""

    folder: Path

    def load(self, fold: int) -> bytes | None:
        """Return the latest checkpoint of a fold, or None; a file left by an interrupted write is removed."""
        path = self.path(fold)
        path.with_suffix(".tmp").unlink(missing_ok=True)
        return path.read_bytes() if path.exists() else None

    def save(self, fold: int, checkpoint: Checkpoint) -> None:
        """Write the checkpoint to a temporary file, then rename it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.path(fold).with_suffix(".tmp")
        with temporary.open("wb") as file:
            file.write(serialize(checkpoint))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path(fold))

    def path(self, fold: int) -> Path:
        """Return the file of a fold; it is written under the same name with the ending ``.tmp``."""
        return self.folder / f"fold{fold}.ckpt"


class NoCheckpoints:
    """Keeps nothing; for trainings that take seconds."""

    def load(self, fold: int) -> bytes | None:  # noqa: ARG002 - required by the protocol
        """Return None."""
        return None

    def save(self, fold: int, checkpoint: Checkpoint) -> None:
        """Do nothing."""


def serialize(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as bytes that begin with the SHA-256 hash of the rest."""
    buffer = io.BytesIO()
    arrays: dict[str, Any] = _numbered("state", checkpoint.state)
    if checkpoint.best:
        best = checkpoint.best
        arrays |= _numbered("best", best.weights) | {"at": (best.epoch, best.loss)}
    for name in CURVES:
        arrays[name] = np.array(getattr(checkpoint, name), dtype=np.float64).reshape(-1, 2)
    np.savez(buffer, epoch=checkpoint.epoch, loss=checkpoint.loss, **arrays)
    content = buffer.getvalue()
    return hashlib.sha256(content).digest() + content


def deserialize(content: bytes | None) -> Checkpoint | None:
    """Return a checkpoint, or None if there is none or its hash does not match."""
    if content is None or hashlib.sha256(content[DIGEST_BYTES:]).digest() != content[:DIGEST_BYTES]:
        return None
    with np.load(io.BytesIO(content[DIGEST_BYTES:]), allow_pickle=False) as arrays:
        curve, training = (tuple((int(epoch), float(loss)) for epoch, loss in arrays[name]) for name in CURVES)
        best = Best(int(arrays["at"][0]), float(arrays["at"][1]), _named(arrays, "best")) if "at" in arrays else None
        state = _named(arrays, "state")
        return Checkpoint(int(arrays["epoch"]), float(arrays["loss"]), curve, state, best, training)


def _numbered(name: str, parts: Sequence[NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    return {f"{name}{number:03d}": part for number, part in enumerate(parts)}


def _named(arrays: Mapping[str, NDArray[np.float32]], name: str) -> list[NDArray[np.float32]]:
    return [arrays[key] for key in sorted(arrays) if key.startswith(name)]
