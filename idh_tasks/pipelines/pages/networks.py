"""Champion and challenger of each sequence with their figures; how far a training is; what became of networks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idh_tasks.codes import Code
from idh_tasks.db import judgements, models
from idh_tasks.db.engine import Transaction
from idh_tasks.db.models import HistoryEvent, Withdrawal
from idh_tasks.domain.learning import BASELINE
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.pages.listing import MOST_COUNTED, SIZE
from idh_tasks.pipelines.pages.verdicts import Judged
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import LearningSettings


@dataclass(frozen=True)
class Figures:
    """What held-out patients say: AUC with its interval, and how true the stated probabilities are."""

    n: int
    mutants: int
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    brier: float | None
    ece: float | None
    log_loss: float | None
    constant_log_loss: float | None
    in_the_large: float | None
    calibration_slope: float | None


@dataclass(frozen=True)
class Champion(Figures, Judged):
    """A network in use with its verdict, how many studies it predicted (counted up to 1,001), and the one before it.

    `rolled_back_at` and what follows say when, by whom and why that one was rolled back earlier.
    """

    model_id: str
    promoted_at: datetime
    prevalence: float | None
    previous_id: str | None
    rolled_back_at: datetime | None
    rolled_back_by: str | None
    rolled_back_reason: str | None
    predicted: int


@dataclass(frozen=True)
class Challenger(Figures, Judged):
    """What the latest run gave for a sequence, the judgement about it, and what was decided."""

    model_id: str | None
    state: str | None
    code: Code | None
    reason: str | None
    champion_id: str | None
    restores_id: str | None
    digest: str | None


@dataclass(frozen=True)
class Baseline(Figures):
    """A baseline or a fusion of a run."""

    run_id: str
    name: str


@dataclass(frozen=True)
class SequenceRow:
    """Champion and challenger of one sequence, side by side; or why there is no champion any more."""

    sequence: MrSequence
    champion: Champion | None
    challenger: Challenger | None
    withdrawal: Withdrawal | None


@dataclass(frozen=True)
class Networks:
    """Everything that the page of models shows, but for the running training."""

    rows: list[SequenceRow]
    run_id: str | None
    digest: str | None
    baselines: list[Baseline]
    events: list[HistoryEvent]
    locked: str | None

    @property
    def behind_a_baseline(self) -> list[MrSequence]:
        """Return the sequences whose champion has a lower AUC than the best baseline of its run."""
        best: dict[str, float] = {}
        for row in (row for row in self.baselines if row.name.startswith(BASELINE)):
            best[row.run_id] = max(row.auc or 0.0, best.get(row.run_id, 0.0))
        champions = [row.champion for row in self.rows if row.champion and row.champion.auc is not None]
        return [c.sequence for c in champions if (c.auc or 0.0) < best.get(c.run_id, 0.0)]

    def champions_of(self, run_id: str) -> list[MrSequence]:
        """Return the sequences whose champion is of a run."""
        return [row.sequence for row in self.rows if row.champion and row.champion.run_id == run_id]


def networks(platform: Platform) -> Networks:
    """Read the page of models in one consistent view of the database."""
    with platform.database.begin() as transaction:
        networks_in_use = transaction.all(Champion, "pages/select_models", most=MOST_COUNTED + 1)
        champions = {row.sequence: row for row in networks_in_use}
        latest = {row.sequence: row for row in transaction.all(Challenger, "pages/select_challengers")}
        gone = {row.sequence: row for row in models.withdrawals(transaction)}
        run_id = next((row.run_id for row in latest.values()), None)
        return Networks(
            [
                SequenceRow(s, champions.get(s), latest.get(s), gone.get(s))
                for s in MODEL_SEQUENCES
                if s in champions.keys() | latest.keys() | gone.keys()
            ],
            run_id,
            next((row.digest for row in latest.values() if row.digest), None),
            transaction.all(Baseline, "pages/select_comparisons", run_ids=sorted(_runs(run_id, networks_in_use))),
            models.history(transaction, None, SIZE),
            _locked(transaction, platform.settings.learning),
        )


def _runs(latest: str | None, champions: Iterable[Champion]) -> set[str]:
    """Return the latest run and those of the champions."""
    return {champion.run_id for champion in champions} | ({latest} if latest else set())


def _locked(transaction: Transaction, settings: LearningSettings) -> str | None:
    """Return how often the locked test set was looked at within a year, or None if there is none."""
    if not settings.locked_share:
        return None
    looks = judgements.locked_looks(transaction)
    return f"looked at for {looks.others} of {settings.locked_looks} training runs within a year"
