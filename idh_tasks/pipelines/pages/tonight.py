"""What the morning page shows: what came, is held, waits and was predicted, and the last 30 nights."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from idh_tasks.codes import Code
from idh_tasks.db.nights import NightBalance
from idh_tasks.db.quarantine import NOTES
from idh_tasks.pipelines.platform import Platform

NIGHT = timedelta(hours=24)
NIGHTS = 30


@dataclass(frozen=True)
class Tiles:
    """Studies that came and were predicted since a time, and what is held or waits for a person now."""

    came: int
    held: int
    waiting: int
    predicted: int


@dataclass(frozen=True)
class SourceBalance(NightBalance):
    """The latest balance of one source."""

    occurred_at: datetime
    flag: Code | None


@dataclass(frozen=True)
class Night:
    """What one day brought, over all sources."""

    night: date
    new: int
    quarantined: int
    failed: int


@dataclass(frozen=True)
class Training:
    """What came of the latest training: it was refused with a reason, or its networks were promoted or kept back."""

    occurred_at: datetime
    action: str
    reason: str | None


@dataclass(frozen=True)
class Tonight:
    """The morning page, but for the state of the DAGs, which Airflow knows."""

    tiles: Tiles
    balances: list[SourceBalance]
    nights: list[Night]
    training: Training | None


def tonight(platform: Platform, now: datetime) -> Tonight:
    """Read the morning page in one consistent view of the database."""
    month = now - timedelta(days=NIGHTS)
    with platform.database.begin() as transaction:
        return Tonight(
            tiles=transaction.all(Tiles, "pages/select_tonight", since=now - NIGHT, notes=NOTES)[0],
            balances=transaction.all(SourceBalance, "pages/select_latest_balances", since=month),
            nights=every_day(transaction.all(Night, "pages/select_nights", since=month), now.astimezone(UTC).date()),
            training=transaction.first(Training, "pages/select_latest_training"),
        )


def every_day(nights: list[Night], today: date) -> list[Night]:
    """Return one entry for each of the last 30 days, with zeros where there was no night."""
    known = {night.night: night for night in nights}
    days = [today - timedelta(days=back) for back in reversed(range(NIGHTS))]
    return [known.get(day, Night(day, 0, 0, 0)) for day in days]
