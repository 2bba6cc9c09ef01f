"""Values of the learning stage: dataset members, folds, scores and the results of training."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from idh_tasks.codes import Code
from idh_tasks.domain.performance import Metrics, Performance
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence

FINAL = -1
"""Stands in place of a fold number for the final network, which is trained on everybody outside the locked set."""

LearningCurve = tuple[tuple[int, float], ...]
"""Pairs of an epoch and a loss: on the held-out patients after it, or its mean over the training patches."""


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


def contents_of(members: Iterable[Member]) -> dict[str, str]:
    """Return for each patient a hash of the images that they have in the dataset.

    It is the same in every installation that has these images, whose pseudonyms differ.
    """
    images: dict[str, list[str]] = defaultdict(list)
    for member in members:
        images[member.patient_key].append(f"{member.sequence} {member.sha256}")
    return {patient: sha256("\n".join(sorted(own)).encode()).hexdigest() for patient, own in images.items()}


def labels_of(members: Iterable[Member]) -> dict[str, bool]:
    """Return for each patient whether the tumour is IDH-mutant.

    The order of the patients follows from their images: folds, batches and rotations follow from it and from the seed.
    """
    listed = list(members)
    labels = {member.patient_key: member.mutant for member in listed}
    contents = contents_of(listed)
    return {patient: labels[patient] for patient in sorted(labels, key=lambda p: (contents[p], p))}


class RuleOff(StrEnum):
    """A rule of promotion that a setting of the same name switches off."""

    FLOOR = "promotion_floor"
    BASELINE = "baseline_margin"

    @property
    def meaning(self) -> str:
        """Return what is not asked of a network then."""
        return _NOT_ASKED[self]


_NOT_ASKED = {
    RuleOff.FLOOR: (
        "The promotion floor is switched off (IDH_LEARNING__PROMOTION_FLOOR=0): no evidence is asked for that the "
        "network is better than chance."
    ),
    RuleOff.BASELINE: (
        "The comparison with baselines is switched off (IDH_LEARNING__BASELINE_MARGIN is 1 or more): the network may "
        "be worse than all of them."
    ),
}


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
    """Training patients and held-out patients; no patient is in both.

    Numbers run on over the repetitions of a cross-validation, each of which holds every patient out once.
    """

    number: int
    train: tuple[str, ...]
    test: tuple[str, ...]
    repetition: int = 0


@dataclass(frozen=True)
class Calibration:
    """How the output p of a network becomes the stated probability: σ(slope · logit p + intercept).

    Parameters
    ----------
    prevalence
        The share of mutants for which probabilities are stated; None for networks of versions that knew none.
    """

    slope: float = 1.0
    intercept: float = 0.0
    prevalence: float | None = None


UNCALIBRATED = Calibration()
"""States the output itself."""


@dataclass(frozen=True)
class Partition:
    """The folds of a training run, and the patients of its locked test set, who are in none."""

    folds: Sequence[Fold]
    locked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HeldOutScore:
    """The probability for a patient that the network was not trained on: its output, and what is stated for it."""

    patient_key: str
    fold: int
    mutant: bool
    probability_mutant: float
    calibrated: float
    repetition: int = 0


@dataclass(frozen=True)
class FoldResult:
    """The metrics of one fold, and its losses on held-out and on training patches over the epochs."""

    fold: int
    metrics: Metrics
    curve: LearningCurve
    training_curve: LearningCurve = ()
    repetition: int = 0


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
class Twins:
    """Two patients whose images of a sequence are the same, with the correlation of their textures.

    Parameters
    ----------
    apart_by
        The id of the question to which somebody has answered that they are two, or None: one may be there twice.
    """

    first: str
    second: str
    similarity: float
    apart_by: str | None = None


TwinSearch = Mapping[MrSequence, Sequence[Twins]]
"""The twins of each sequence of a dataset, all pairs of which were compared; sequences without any may be missing."""


FALSE_ALARMS = 0.01
"""Probability that any control of any sequence of a run without a leak is called predictive."""
MOST_CONTROLS = 6
CONTROL_LIMIT = FALSE_ALARMS / (MOST_CONTROLS * len(MODEL_SEQUENCES))
"""Largest p of a control that predicts (Bonferroni)."""
PLANTED = "planted"
"""With which the names of leaks begin that are planted in a copy of the data."""


@dataclass(frozen=True)
class LeakCheck:
    """One thing that must not predict the labels, or a planted leak that must be found.

    Parameters
    ----------
    auc, p_value
        The out-of-fold AUC, and the probability that chance alone gives as much; None if they were not computed.
    code
        What is wrong, or None.
    """

    name: str
    auc: float | None
    p_value: float | None
    code: Code | None

    @property
    def finding(self) -> str:
        """What was found, in words; the code if something is wrong."""
        if self.code is not None:
            return self.code.value
        return "found, as it must be" if self.name.startswith(PLANTED) else "nothing found"

    def __str__(self) -> str:
        figures = "not computed" if self.auc is None else f"AUC {self.auc:.2f}"
        chance = "" if self.p_value is None else f", p = {self.p_value:.4f}"
        return f"{self.name}: {figures}{chance}"


@dataclass(frozen=True)
class SequenceResult:
    """The result of one sequence in a training run.

    Parameters
    ----------
    checks
        For leaks.
    worker, device, seconds
        Where the sequence was trained, and for how long.
    parameters
        Of each network.
    """

    sequence: MrSequence
    outcome: Performance | RefusedSequence
    checks: tuple[LeakCheck, ...] = ()
    worker: str | None = None
    device: str | None = None
    seconds: float | None = None
    parameters: int | None = None


BASELINE = "baseline: "
"""Begins the names of comparisons with what needs no image."""


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
