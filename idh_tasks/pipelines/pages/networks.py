"""The champions and the networks of the latest run, with their figures; how far a training is; what became of them."""

from dataclasses import dataclass
from datetime import datetime

from idh_tasks.db import models
from idh_tasks.db.models import HistoryEvent
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.pages.listing import SIZE
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Network:
    """A network, with its figures on held-out patients, and whether its sequence had a champion before."""

    sequence: MrSequence
    model_id: str
    run_id: str
    state: str
    promoted_at: datetime | None
    n: int
    mutants: int
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    calibrated_brier: float | None
    ece: float | None
    has_previous: bool


@dataclass(frozen=True)
class FoldProgress:
    """How far a fold is; fold -1 is the final network."""

    sequence: MrSequence
    fold: int
    epoch: int
    loss: float
    updated_at: datetime


@dataclass(frozen=True)
class Networks:
    """Everything that the page of models shows."""

    networks: list[Network]
    progress: list[FoldProgress]
    events: list[HistoryEvent]


def networks(platform: Platform) -> Networks:
    """Read the page of models in one consistent view of the database."""
    with platform.database.begin() as transaction:
        return Networks(
            transaction.all(Network, "pages/select_models"),
            transaction.all(FoldProgress, "pages/select_running_training"),
            models.history(transaction, None, SIZE),
        )
