"""Cross-validates one sequence: every fold and the final network, in processes side by side or stacked on a GPU."""

import hashlib
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import FINAL, Fold, HeldOutScore
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.calibration import cooled, fit_temperature, logit
from idh_tasks.learning.checkpoints import Checkpoints, NoCheckpoints
from idh_tasks.learning.folds import locked
from idh_tasks.learning.metrics import arrays
from idh_tasks.settings import LearningSettings

if TYPE_CHECKING:
    from idh_tasks.learning.course import Task, Trained


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldOutcome:
    """One fold's scores and curve; those of the final fold are of the locked set, and it carries the model file."""

    number: int
    scores: tuple[HeldOutScore, ...]
    curve: tuple[tuple[int, float], ...]
    device: str
    temperature: float = 1.0
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
            raise RunRefusedError(Code.E_LEAKAGE, f"fold {fold.number}: {len(both)} patients are in both parts")
        images = {hashes[p] for p in fold.train} & {hashes[p] for p in fold.test}
        if images:
            raise RunRefusedError(
                Code.E_LEAKAGE,
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
) -> list[FoldOutcome]:
    """Train each fold and, if asked for, the network on all but the locked set; scale each by what the others say.

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
    work, started, outcomes = Work(patches, mutant, settings, checkpoints), time.monotonic(), []
    for outcome in _trained(work, (*folds, *everybody)):
        log.info("fold %s trained after %.0f s", outcome.number, time.monotonic() - started)
        outcomes.append(outcome)
    return calibrated(outcomes)


def _trained(work: "Work", folds: Sequence[Fold]) -> Iterator[FoldOutcome]:
    if gpu_present():
        yield from _together(work, folds)
    else:
        jobs = len(os.sched_getaffinity(0))
        yield from Parallel(n_jobs=jobs, return_as="generator")(delayed(_alone)(work, fold) for fold in folds)


def calibrated(outcomes: Sequence[FoldOutcome]) -> list[FoldOutcome]:
    """Scale the scores of each fold by a temperature fitted on patients of its training part, held out by other folds.

    What a network says of patients it has learnt from is far too sure to tell how sure it may be of others. The final
    network gets the temperature of all scores out of fold.
    """
    held_out = [outcome for outcome in outcomes if outcome.number != FINAL]
    return [_scaled(outcome, _temperature(outcome, held_out)) for outcome in outcomes]


def _temperature(of: FoldOutcome, held_out: Sequence[FoldOutcome]) -> float:
    own = {score.patient_key for score in of.scores}
    others = (score for outcome in held_out if outcome.number != of.number for score in outcome.scores)
    mutant, given = arrays([score for score in others if score.patient_key not in own])
    return fit_temperature(given, mutant)


def _scaled(outcome: FoldOutcome, temperature: float) -> FoldOutcome:
    _, given = arrays(outcome.scores)
    scaled = cooled(logit(given), temperature)
    scores = tuple(replace(s, calibrated=float(p)) for s, p in zip(outcome.scores, scaled, strict=True))
    return replace(outcome, scores=scores, temperature=temperature)


@dataclass(frozen=True)
class Work:
    """What all folds of a sequence share; it can be sent to another process."""

    patches: Mapping[str, NDArray[np.float32]]
    mutant: Mapping[str, bool]
    settings: LearningSettings
    checkpoints: Checkpoints


def _alone(work: Work, fold: Fold) -> FoldOutcome:
    """Train in a process of its own, on one thread: two folds side by side beat one on two."""
    from idh_tasks.learning.training import train

    _one_thread()
    task = _task(work, fold)
    return _outcome(work, fold, task, train(task, work.settings))


def _together(work: Work, folds: Sequence[Fold]) -> Iterator[FoldOutcome]:
    from idh_tasks.learning.stacked import train_together

    tasks = [_task(work, fold) for fold in folds]
    for fold, task, trained in zip(folds, tasks, train_together(tasks, work.settings), strict=True):
        yield _outcome(work, fold, task, trained)


def _task(work: Work, fold: Fold) -> "Task":
    from idh_tasks.learning.course import Patches, Task

    def stack(patients: tuple[str, ...]) -> Patches:
        shape = next(iter(work.patches.values())).shape
        x = np.array([work.patches[p] for p in patients], dtype=np.float32).reshape(-1, *shape)
        return Patches(x, np.array([int(work.mutant[p]) for p in patients], dtype=np.int64))

    seed = work.settings.seed + fold.number
    return Task(stack(fold.train), stack(fold.test), seed, fold.number, work.checkpoints)


def _outcome(work: Work, fold: Fold, task: "Task", trained: "Trained") -> FoldOutcome:
    """Try a network on the patients held out."""
    from idh_tasks.learning.registry import model_bytes
    from idh_tasks.learning.training import probabilities

    given = probabilities(trained.model, task.held_out.x)[:, 1] if fold.test else np.zeros(0, np.float32)
    file = model_bytes(trained.model) if fold.number == FINAL else None
    return FoldOutcome(fold.number, _scores(fold, work.mutant, given), trained.curve, trained.device, model_file=file)


def _scores(fold: Fold, mutant: Mapping[str, bool], given: NDArray[np.float32]) -> tuple[HeldOutScore, ...]:
    if not np.isfinite(given).all():
        raise RunRefusedError(Code.E_NONFINITE, f"fold {fold.number} gives probabilities that are no numbers")
    return tuple(
        HeldOutScore(patient, fold.number, mutant[patient], float(p), float(p))
        for patient, p in zip(fold.test, given, strict=True)
    )


def _one_thread() -> None:
    """Keep to one core: two folds side by side beat one on two. In a process that has trained before it is done."""
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return
