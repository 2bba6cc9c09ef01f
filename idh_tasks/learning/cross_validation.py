"""Cross-validates one sequence: every fold and the final network, side by side on the CPU."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from idh_tasks.domain.learning import FINAL, Fold, HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.calibration import cooled, fit_temperature, logit
from idh_tasks.learning.checkpoints import Checkpoints, NoCheckpoints
from idh_tasks.learning.folds import locked
from idh_tasks.settings import LearningSettings


@dataclass(frozen=True)
class FoldOutcome:
    """One fold's scores and curve; those of the final fold are of the locked set, and it carries the model file."""

    number: int
    scores: tuple[HeldOutScore, ...]
    curve: tuple[tuple[int, float], ...]
    device: str
    temperature: float
    model_file: bytes | None = None


def gpu_present() -> bool:
    """Tell whether this machine has an NVIDIA device, without loading TensorFlow."""
    return Path("/dev/nvidia0").exists()


def check_disjoint(patches: Mapping[str, NDArray[np.float32]], folds: Sequence[Fold]) -> None:
    """Check that no patient, and no image, stands on both sides of a fold.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` with how many do.
    """
    hashes = {patient: hashlib.sha256(patch.tobytes()).hexdigest() for patient, patch in patches.items()}
    for fold in folds:
        both = set(fold.train) & set(fold.test)
        if both:
            raise RunRefusedError("E_LEAKAGE", f"fold {fold.number}: {len(both)} patients are in both parts")
        images = {hashes[p] for p in fold.train} & {hashes[p] for p in fold.test}
        if images:
            raise RunRefusedError(
                "E_LEAKAGE",
                f"fold {fold.number}: {len(images)} images are in both parts under different patients; "
                "merge the patients or withdraw one",
            )


def cross_validate(
    patches: Mapping[str, NDArray[np.float32]],
    mutant: Mapping[str, bool],
    folds: Sequence[Fold],
    settings: LearningSettings,
    checkpoints: Checkpoints = NoCheckpoints(),  # noqa: B008 - it holds nothing
    *,
    final: bool = True,
) -> Iterator[FoldOutcome]:
    """Train each fold and, if asked for, the network on all but the locked set; yield outcomes as they finish.

    Parameters
    ----------
    patches
        Patient → patch of shape (size, size).
    mutant
        Patient → label, for the same patients.
    checkpoints
        Where each fold goes on after a kill.

    Raises
    ------
    RunRefusedError
        ``E_LEAKAGE`` before anything is trained, or what a training raises.
    """
    kept = locked(mutant, settings.locked_share)
    everybody = [Fold(FINAL, tuple(sorted(set(mutant) - kept)), tuple(sorted(kept)))] if final else []
    check_disjoint(patches, (*folds, *everybody))
    jobs = 1 if gpu_present() else len(os.sched_getaffinity(0))
    yield from Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_train_fold)(patches, mutant, fold, settings, checkpoints) for fold in (*folds, *everybody)
    )


def _train_fold(
    patches: Mapping[str, NDArray[np.float32]],
    mutant: Mapping[str, bool],
    fold: Fold,
    settings: LearningSettings,
    checkpoints: Checkpoints,
) -> FoldOutcome:
    """Train in a process of its own, on one thread: two folds side by side beat one on two."""
    from idh_tasks.learning.registry import model_bytes
    from idh_tasks.learning.training import Patches, probabilities, train

    def stack(patients: tuple[str, ...]) -> Patches:
        shape = next(iter(patches.values())).shape
        x = np.array([patches[p] for p in patients], dtype=np.float32).reshape(-1, *shape)
        return Patches(x, np.array([int(mutant[p]) for p in patients], dtype=np.int64))

    _one_thread()
    held_out, learnt = stack(fold.test), stack(fold.train)
    trained = train(learnt, held_out, settings, settings.seed + fold.number, fold.number, checkpoints)
    temperature = fit_temperature(probabilities(trained.model, learnt.x)[:, 1].astype(np.float64), learnt.y == 1)
    given = probabilities(trained.model, held_out.x)[:, 1] if fold.test else np.zeros(0)
    scores = _scores(fold, mutant, given.astype(np.float64), temperature)
    file = model_bytes(trained.model) if fold.number == FINAL else None
    return FoldOutcome(fold.number, scores, trained.curve, trained.device, temperature, file)


def _scores(
    fold: Fold, mutant: Mapping[str, bool], given: NDArray[np.float64], temperature: float
) -> tuple[HeldOutScore, ...]:
    if not np.isfinite(given).all():
        raise RunRefusedError("E_NONFINITE", f"fold {fold.number} gives probabilities that are no numbers")
    calibrated = cooled(logit(given), temperature)
    return tuple(
        HeldOutScore(patient, fold.number, mutant[patient], float(p), float(c))
        for patient, p, c in zip(fold.test, given, calibrated, strict=True)
    )


def _one_thread() -> None:
    """Keep to one core: two folds side by side beat one on two. In a process that has trained before it is done."""
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return
