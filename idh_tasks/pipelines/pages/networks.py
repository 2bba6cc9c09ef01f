"""Champion and challenger of each sequence with their figures; how far a training is; what became of networks."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.codes import Code
from idh_tasks.db import judgements, models
from idh_tasks.db.engine import Transaction
from idh_tasks.db.models import HistoryEvent, Withdrawal
from idh_tasks.domain.learning import RuleOff
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.pipelines.pages.listing import MOST_COUNTED, SIZE
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
class Champion(Figures):
    """A network in use, how many studies it has predicted (counted up to 1,001), and the one before it.

    `switched_off` are the rules that could not refuse it.
    """

    sequence: MrSequence
    model_id: str
    run_id: str
    promoted_at: datetime
    prevalence: float | None
    previous_id: str | None
    switched_off: list[RuleOff]
    predicted: int


@dataclass(frozen=True)
class Challenger(Figures):
    """What the latest run gave for a sequence, the judgement about it, and what was decided."""

    sequence: MrSequence
    run_id: str
    model_id: str | None
    state: str | None
    code: Code | None
    reason: str | None
    champion_id: str | None
    accepted: bool | None
    verdict: str | None
    compared: int | None
    changed: int | None
    relabelled: int | None
    restores_id: str | None
    switched_off: list[RuleOff]
    digest: str | None
    judged_at: datetime | None
    decision: str | None
    decided_by: str | None
    comment: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Baseline(Figures):
    """A baseline or a fusion of a run."""

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
        """Return the sequences whose champion has a lower AUC than the best baseline."""
        best = max((row.auc for row in self.baselines if row.auc is not None), default=0.0)
        return [r.sequence for r in self.rows if r.champion and r.champion.auc is not None and r.champion.auc < best]


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
            transaction.all(Baseline, "pages/select_comparisons", run_id=run_id),
            models.history(transaction, None, SIZE),
            _locked(transaction, platform.settings.learning),
        )


def _locked(transaction: Transaction, settings: LearningSettings) -> str | None:
    """Return how often the locked test set was looked at within a year, or None if there is none."""
    if not settings.locked_share:
        return None
    looks = judgements.locked_looks(transaction)
    return f"looked at for {looks.others} of {settings.locked_looks} training runs within a year"
