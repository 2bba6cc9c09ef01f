"""How far the folds of a running training are."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import isfinite

from idh_tasks.db.engine import Transaction
from idh_tasks.db.training import RunState
from idh_tasks.domain.learning import FINAL, LearningCurve
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class FoldProgress:
    """How far a fold is; fold -1 is the final network.

    Parameters
    ----------
    folds
        The folds of a repetition, over which the numbers of folds run on.
    curve
        Pairs of an epoch and its training loss.
    running
        Whether a worker holds the lease on the sequence.
    finished
        Whether the results of the sequence are stored.
    """

    run_id: str
    sequence: MrSequence
    fold: int
    folds: int
    repetitions: int
    epoch: int
    epochs: int
    loss: float
    curve: LearningCurve
    updated_at: datetime
    running: bool
    finished: bool

    @property
    def name(self) -> str:
        """Return the fold in words; numbers begin at 1."""
        if self.fold == FINAL:
            return "final network"
        repetition, number = divmod(self.fold, self.folds)
        fold = f"fold {number + 1}"
        return fold if self.repetitions == 1 else f"repetition {repetition + 1}, {fold}"

    def points(self, highest: float, width: int = 120, height: int = 30) -> str:
        """Return the curve as points of an SVG polyline; the loss 0 is at the bottom, `highest` at the top."""
        known = [(epoch, loss) for epoch, loss in self.curve if isfinite(loss)]
        return " ".join(
            f"{width * epoch / self.epochs:.1f},{height - 1 - (height - 2) * loss / highest:.1f}"
            for epoch, loss in known
        )


@dataclass(frozen=True)
class LatestRun:
    """The latest training run, and how far it is.

    Parameters
    ----------
    checkpoint_every, networks
        Epochs between two checkpoints, and the networks of each sequence, the final one among them; None if unknown.
    sequences
        Of the dataset, in the order of the protocol.
    begun
        Of which an epoch is recorded.
    finished
        Whose results are stored.
    """

    run_id: str
    created_at: datetime
    state: RunState
    checkpoint_every: int | None
    networks: int | None
    sequences: list[MrSequence]
    begun: list[MrSequence]
    finished: list[MrSequence]

    @property
    def is_open(self) -> bool:
        """Return whether it still trains, or waits to."""
        return self.state is RunState.FROZEN

    @property
    def not_begun(self) -> list[MrSequence]:
        """Return the sequences of which no epoch is recorded and nothing is stored."""
        return [sequence for sequence in self.sequences if sequence not in (*self.begun, *self.finished)]


@dataclass(frozen=True)
class RunningTraining:
    """The latest run if it is open, and its folds of which an epoch is recorded, by the order of the protocol."""

    run: LatestRun | None
    folds: list[FoldProgress]

    @property
    def highest(self) -> float:
        """Return the highest loss, to which all curves are scaled; 1 if there is none."""
        losses = [loss for fold in self.folds for _, loss in fold.curve if isfinite(loss)]
        return max(losses, default=1.0) or 1.0

    @property
    def by_sequence(self) -> list[tuple[MrSequence, list[FoldProgress]]]:
        """Return the folds of each sequence."""
        return [(sequence, list(folds)) for sequence, folds in groupby(self.folds, lambda fold: fold.sequence)]


def latest_run(transaction: Transaction) -> LatestRun | None:
    """Return the latest training run, or None if there is none."""
    return transaction.first(LatestRun, "pages/select_latest_run", sequences=list(MODEL_SEQUENCES))


def running_training(platform: Platform) -> RunningTraining:
    """Return the latest run with its folds if it has not been evaluated yet."""
    with platform.database.begin() as transaction:
        run = latest_run(transaction)
        folds = transaction.all(FoldProgress, "pages/select_running_training")
    in_order = sorted(folds, key=lambda fold: fold.sequence.place)
    return RunningTraining(run if run and run.is_open else None, in_order)
