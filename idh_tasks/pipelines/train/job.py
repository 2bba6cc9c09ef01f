"""One sequence of a training run, and the outcome of its training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from idh_tasks.domain.learning import LeakCheck, Member, labels_of
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.learning.fold_training import FoldOutcome


@dataclass(frozen=True)
class SequenceJob:
    """The training of one sequence.

    Parameters
    ----------
    dataset
        The members of the run's dataset, of all sequences: they determine the folds.
    """

    run_id: str
    sequence: MrSequence
    dataset: Sequence[Member]

    @cached_property
    def members(self) -> list[Member]:
        """Return the members of this sequence."""
        return [member for member in self.dataset if member.sequence is self.sequence]

    @cached_property
    def labels(self) -> Mapping[str, bool]:
        """Return the labels of the patients who have this sequence."""
        return labels_of(self.members)


@dataclass(frozen=True)
class TrainedSequence:
    """The folds and the final network of a sequence, its checks for leaks, and how long the training took."""

    outcomes: Sequence[FoldOutcome]
    checks: tuple[LeakCheck, ...]
    seconds: float
