"""Values of the learning stage: members, folds, scores and metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.domain.sequence import MrSequence

FINAL = -1
"""The number of the fold that is none: the network trained on everybody, tried on the locked test set alone."""


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
    """Return by patient whether they are mutant."""
    return {member.patient_key: member.mutant for member in members}


class Scheme(StrEnum):
    """How patients are split (protocol, 'Learning')."""

    STRATIFIED = "stratified"
    REPEATED = "repeated"


class Selection(StrEnum):
    """Which weights are kept: the last, or by the loss on a fifth of the fold's training patients (early stopping)."""

    LAST = "last"
    INNER = "inner"


@dataclass(frozen=True)
class Fold:
    """Patients to learn from and patients held out; never one patient in both."""

    number: int
    train: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True)
class Metrics:
    """The columns of the paper's Table 1 on one set of scores; positive = mutant."""

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
class HeldOutScore:
    """The probability a network gave to a patient it was not trained on, and the same after temperature scaling."""

    patient_key: str
    fold: int
    mutant: bool
    probability_mutant: float
    calibrated: float


@dataclass(frozen=True)
class ModelRecord:
    """A registered network of one sequence."""

    model_id: str
    run_id: str
    sequence: MrSequence
    object_key: str
    sha256: str
