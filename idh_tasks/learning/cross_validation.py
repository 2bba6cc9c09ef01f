"""Cross-validates one sequence: every fold and the final network, side by side on the CPU."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from idh_tasks.domain.learning import Fold, HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.settings import LearningSettings

FINAL = -1
"""The number under which the network trained on everybody is reported."""


@dataclass(frozen=True)
class FoldOutcome:
    """One fold's scores and curve; the final fold carries the model file instead of scores."""

    number: int
    scores: tuple[HeldOutScore, ...]
    curve: tuple[tuple[int, float], ...]
    device: str
    model_file: bytes | None = None


def gpu_present() -> bool:
    """Tell whether this machine has an NVIDIA device, without loading TensorFlow."""
    return Path("/dev/nvidia0").exists()


def cross_validate(
    patches: Mapping[str, NDArray[np.float32]],
    mutant: Mapping[str, bool],
    folds: Sequence[Fold],
    settings: LearningSettings,
) -> Iterator[FoldOutcome]:
    """Train each fold and then the final network; yield outcomes as they finish.

    Parameters
    ----------
    patches
        Patient → patch of shape (size, size).
    mutant
        Patient → label, for the same patients.
    """
    everybody = Fold(FINAL, tuple(sorted(mutant)), ())
    jobs = 1 if gpu_present() else len(os.sched_getaffinity(0))
    yield from Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_train_fold)(patches, mutant, fold, settings) for fold in (*folds, everybody)
    )


def _train_fold(
    patches: Mapping[str, NDArray[np.float32]],
    mutant: Mapping[str, bool],
    fold: Fold,
    settings: LearningSettings,
) -> FoldOutcome:
    """Train in a process of its own, on one thread: two folds side by side beat one on two."""
    import tensorflow as tf

    from idh_tasks.learning.registry import model_bytes
    from idh_tasks.learning.training import Patches, probabilities, train

    def stack(patients: tuple[str, ...]) -> Patches:
        shape = next(iter(patches.values())).shape
        x = np.array([patches[p] for p in patients], dtype=np.float32).reshape(-1, *shape)
        return Patches(x, np.array([int(mutant[p]) for p in patients], dtype=np.int64))

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    held_out = stack(fold.test)
    trained = train(stack(fold.train), held_out, settings, settings.seed + fold.number)
    if fold.number == FINAL:
        return FoldOutcome(FINAL, (), (), trained.device, model_bytes(trained.model))
    given = probabilities(trained.model, held_out.x)[:, 1]
    if not np.isfinite(given).all():
        raise RunRefusedError("E_NONFINITE", f"fold {fold.number} gives probabilities that are no numbers")
    scores = tuple(
        HeldOutScore(patient, fold.number, mutant[patient], float(p))
        for patient, p in zip(fold.test, given, strict=True)
    )
    return FoldOutcome(fold.number, scores, trained.curve, trained.device)
