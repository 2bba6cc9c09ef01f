"""How far the folds of a running training are."""

from dataclasses import dataclass
from datetime import datetime
from math import isfinite

from idh_tasks.domain.learning import FINAL, LearningCurve
from idh_tasks.domain.sequence import MrSequence
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
class RunningTraining:
    """The folds of a run that trains, and the highest loss of any of them, to which their curves are scaled."""

    folds: list[FoldProgress]

    @property
    def highest(self) -> float:
        """Return the highest loss; 1 if there is none."""
        losses = [loss for fold in self.folds for _, loss in fold.curve if isfinite(loss)]
        return max(losses, default=1.0) or 1.0


def running_training(platform: Platform) -> RunningTraining:
    """Return the folds of the latest run if it has not been evaluated yet."""
    with platform.database.begin() as transaction:
        return RunningTraining(transaction.all(FoldProgress, "pages/select_running_training"))
