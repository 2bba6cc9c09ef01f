"""Values of the learning stage: dataset members, folds, scores and the results of training."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence

FINAL = -1
"""Stands in place of a fold number for the final network, which is trained on everybody outside the locked set."""

LearningCurve = tuple[tuple[int, float], ...]
"""Pairs of an epoch and the loss on the held-out patients after it."""


@dataclass(frozen=True)
class Member:
    """One patch with its label in a frozen dataset."""

    patient_key: str
    sequence: MrSequence
    patch_id: str
    object_key: str
    sha256: str
    mutant: bool
    report_key: str
    report_version: int


def labels_of(members: Iterable[Member]) -> dict[str, bool]:
    """Return for each patient whether the tumour is IDH-mutant."""
    return {member.patient_key: member.mutant for member in members}


class Scheme(StrEnum):
    """How patients are split into folds (protocol, 'Learning')."""

    STRATIFIED = "stratified"
    REPEATED = "repeated"


class Selection(StrEnum):
    """Which weights are kept: the last, or those with the least loss on a fifth of the fold's training patients."""

    LAST = "last"
    INNER = "inner"


@dataclass(frozen=True)
class Fold:
    """Training patients and held-out patients; no patient is in both."""

    number: int
    train: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True)
class HeldOutScore:
    """The probability for a patient that the network was not trained on, before and after temperature scaling."""

    patient_key: str
    fold: int
    mutant: bool
    probability_mutant: float
    calibrated: float


@dataclass(frozen=True)
class Metrics:
    """The columns of the paper's Table 1 for one set of scores; mutant is the positive class."""

    n: int
    mutants: int
    accuracy: float
    loss: float
    sensitivity: float
    specificity: float
    auc: float


@dataclass(frozen=True)
class Interval:
    """A point estimate with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Performance:
    """How well a set of held-out scores separates the classes, and how well it is calibrated.

    Parameters
    ----------
    auc, delong
        The AUC with its bootstrap interval, and with DeLong's.
    brier, calibrated_brier
        The Brier score before and after temperature scaling.
    ece
        The expected calibration error before temperature scaling.

    Notes
    -----
    Runs stored by the first versions of the platform have no value for the last three.
    """

    n: int
    mutants: int
    auc: Interval
    brier: float
    delong: Interval | None = None
    ece: float | None = None
    calibrated_brier: float | None = None


@dataclass(frozen=True)
class FoldResult:
    """The metrics of one fold, and its loss on the held-out patients over the epochs."""

    fold: int
    metrics: Metrics
    curve: LearningCurve


@dataclass(frozen=True)
class Refusal:
    """Why something is not trained or not promoted."""

    code: Code
    reason: str

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


@dataclass(frozen=True)
class RefusedSequence:
    """A sequence for which no network could be trained, with the size of its cohort."""

    n: int
    mutants: int
    refusal: Refusal


@dataclass(frozen=True)
class SequenceResult:
    """The result of one sequence in a training run.

    Parameters
    ----------
    canary
        The AUC on shuffled labels with the interval that chance alone gives.
    worker, device, seconds
        Where the sequence was trained, and for how long.
    """

    sequence: MrSequence
    outcome: Performance | RefusedSequence
    canary: Interval | None = None
    worker: str | None = None
    device: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The performance of a fusion of sequences or of a baseline, to which single networks are compared."""

    name: str
    performance: Performance


@dataclass(frozen=True)
class ModelRecord:
    """A registered network of one sequence."""

    model_id: str
    run_id: str
    sequence: MrSequence
    object_key: str
    sha256: str


@dataclass(frozen=True)
class SequencePrediction:
    """The calibrated probability that the champion of one sequence gives."""

    sequence: MrSequence
    model_id: str
    probability_mutant: float
