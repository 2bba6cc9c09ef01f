"""Trains the network of a fold and scores the patients that the fold holds out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.domain.learning import FINAL, UNCALIBRATED, Calibration, Fold, HeldOutScore, LearningCurve
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.checkpoints import CheckpointStore
from idh_tasks.learning.images import in_one_array
from idh_tasks.settings import LearningSettings

if TYPE_CHECKING:
    from idh_tasks.learning.training_job import Patches, TrainedNetwork, TrainingJob


@dataclass(frozen=True)
class TrainingData:
    """The patches of one sequence (size, size) and the labels by patient, with the folds of the cohort.

    Parameters
    ----------
    labels
        Their order decides about batches and rotations; it must not follow from pseudonyms (`labels_of`).
    locked
        Patients of the locked test set, on whom the final network is not trained.
    """

    patches: Mapping[str, NDArray[np.float32]]
    labels: Mapping[str, bool]
    folds: Sequence[Fold]
    locked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FoldTraining:
    """What the trainings of all folds share; it can be sent to another process."""

    data: TrainingData
    settings: LearningSettings
    checkpoints: CheckpointStore


@dataclass(frozen=True)
class FoldOutcome:
    """The scores and the learning curve of one fold; the final fold has scores of the locked set, and a model file."""

    number: int
    scores: tuple[HeldOutScore, ...]
    curve: LearningCurve
    device: str
    calibration: Calibration = UNCALIBRATED
    model_file: bytes | None = None
    training_curve: LearningCurve = ()
    parameters: int = 0
    repetition: int = 0


def gpu_present() -> bool:
    """Return whether this machine has an NVIDIA device, without loading TensorFlow."""
    return Path("/dev/nvidia0").exists()


def train_fold(training: FoldTraining, fold: Fold) -> FoldOutcome:
    """Train one fold in a process of its own, on one thread: two folds in parallel are faster than one on two."""
    from idh_tasks.learning.training import train

    _use_one_thread()
    job = _job(training, fold)
    return _outcome(training, fold, job, train(job, training.settings))


def train_folds_together(training: FoldTraining, folds: Sequence[Fold]) -> Iterator[FoldOutcome]:
    """Train all folds in one graph, as a GPU does best."""
    from idh_tasks.learning.vectorized import train_together

    jobs = [_job(training, fold) for fold in folds]
    for fold, job, trained in zip(folds, jobs, train_together(jobs, training.settings), strict=True):
        yield _outcome(training, fold, job, trained)


def _job(training: FoldTraining, fold: Fold) -> "TrainingJob":
    from idh_tasks.learning.training_job import TrainingJob

    train, test = (_patches(training.data, patients) for patients in (fold.train, fold.test))
    return TrainingJob(train, test, _seed(training.settings.seed, fold.number), fold.number, training.checkpoints)


def _seed(seed: int, fold: int) -> int:
    """Return the seed of a network; no other network has it, not even with another seed of the run."""
    return int(np.random.SeedSequence([seed, fold - FINAL]).generate_state(1)[0])


def _patches(data: TrainingData, patients: Sequence[str]) -> "Patches":
    from idh_tasks.learning.training_job import Patches

    labels = np.array([int(data.labels[p]) for p in patients], dtype=np.int64)
    return Patches(in_one_array(data.patches).of(patients), labels)


def _outcome(training: FoldTraining, fold: Fold, job: "TrainingJob", trained: "TrainedNetwork") -> FoldOutcome:
    """Score the held-out patients."""
    from idh_tasks.learning.registry import model_bytes
    from idh_tasks.learning.training import probabilities

    of_mutant = probabilities(trained.model, job.held_out.x)[:, 1] if fold.test else np.zeros(0, np.float32)
    scores = _scores(fold, training.data.labels, of_mutant)
    file = model_bytes(trained.model) if fold.number == FINAL else None
    return FoldOutcome(
        fold.number,
        scores,
        trained.curve,
        trained.device,
        model_file=file,
        training_curve=trained.training_curve,
        parameters=trained.model.count_params(),
        repetition=fold.repetition,
    )


def _scores(fold: Fold, labels: Mapping[str, bool], of_mutant: NDArray[np.float32]) -> tuple[HeldOutScore, ...]:
    if not np.isfinite(of_mutant).all():
        raise RunRefusedError(Code.E_NONFINITE, f"the network of fold {fold.number} gives non-finite probabilities")
    return tuple(
        HeldOutScore(patient, fold.number, labels[patient], float(p), float(p), fold.repetition)
        for patient, p in zip(fold.test, of_mutant, strict=True)
    )


def _use_one_thread() -> None:
    from idh_tasks.learning.backend import tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # set by an earlier fold of this process; TensorFlow allows it only before its first use
        return
