"""What the morning page shows: what came, is held, waits and was predicted, the last 30 nights, and what failed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from idh_tasks.codes import Code
from idh_tasks.db import selection
from idh_tasks.db.engine import Transaction
from idh_tasks.db.feed import FeedReading, FeedSource
from idh_tasks.db.nights import NightBalance
from idh_tasks.db.quarantine import NOTES
from idh_tasks.db.selection import ExclusionCount
from idh_tasks.pipelines.pages.listing import MOST_COUNTED
from idh_tasks.pipelines.pages.progress import LatestRun, latest_run
from idh_tasks.pipelines.platform import Platform, preprocessing_version

NIGHT = timedelta(hours=24)
NIGHTS = 30
READINGS = 30


@dataclass(frozen=True)
class Tiles:
    """Studies that came and were predicted since a time, and what is held or waits for a person now."""

    came: int
    held: int
    waiting: int
    predicted: int


@dataclass(frozen=True)
class Work:
    """What the stages did since a time: new reports, and studies with new patches of the present code and settings."""

    reports: int
    prepared: int


@dataclass(frozen=True)
class Due:
    """How many studies are to be prepared, and how many of them again: images or outline have changed, or by the plan.

    `outdated` have patches of an earlier version and wait for nothing; `given_up` steps are not tried any more. Each is
    counted up to one more than 1,000.
    """

    studies: int
    again: int
    outdated: int
    given_up: int


@dataclass(frozen=True, kw_only=True)
class FeedNight(FeedReading):
    """A reading of a source of pathology results."""

    occurred_at: datetime


@dataclass(frozen=True)
class SourceBalance(NightBalance):
    """The latest night of one source; `listed` is false if it could not be listed."""

    occurred_at: datetime
    flag: Code | None
    listed: bool
    reason: str | None


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
class Alarm:
    """A source whose latest night failed or was suspicious; `reason` says more than the code."""

    source: str
    occurred_at: datetime
    code: Code
    reason: str | None


@dataclass(frozen=True)
class Tonight:
    """The morning page, but for the state of the DAGs, which Airflow knows.

    `feed` has the latest reading of each source of pathology results, `readings` the latest ones of all. `excluded` has
    the studies of archives that are not picked up, of all nights. `run` is the latest training run, which may not have
    ended.
    """

    since: datetime
    tiles: Tiles
    work: Work
    due: Due
    balances: list[SourceBalance]
    excluded: list[ExclusionCount]
    feed: list[FeedNight]
    readings: list[FeedNight]
    nights: list[Night]
    training: Training | None
    run: LatestRun | None

    def alarms(self) -> list[Alarm]:
        """Return the sources whose latest night failed or was suspicious; what is tolerated is no alarm."""
        nights: list[SourceBalance | FeedNight] = [*self.balances, *self.feed]
        return [
            Alarm(one.source, one.occurred_at, one.flag, one.reason)
            for one in nights
            if one.flag is not None and one.flag not in NOTES
        ]


def tonight(platform: Platform, now: datetime) -> Tonight:
    """Read the morning page in one consistent view of the database; its links state its window in whole seconds."""
    since = (now - NIGHT).replace(microsecond=0)
    month, version = now - timedelta(days=NIGHTS), preprocessing_version(platform)
    with platform.database.begin() as transaction:
        return Tonight(
            since=since,
            tiles=transaction.all(Tiles, "pages/select_tonight", since=since, notes=NOTES)[0],
            work=transaction.all(Work, "pages/select_night_work", since=since, settings_hash=version)[0],
            due=transaction.all(Due, "pages/count_due_studies", settings_hash=version, most=MOST_COUNTED + 1)[0],
            feed=[reading for source in FeedSource for reading in _readings(transaction, source, 1)],
            readings=_readings(transaction, None, READINGS),
            balances=transaction.all(SourceBalance, "pages/select_latest_balances", since=month),
            excluded=selection.counts(transaction),
            nights=every_day(transaction.all(Night, "pages/select_nights", since=month), now.astimezone(UTC).date()),
            training=transaction.first(Training, "pages/select_latest_training"),
            run=latest_run(transaction),
        )


def _readings(transaction: Transaction, source: FeedSource | None, size: int) -> list[FeedNight]:
    return transaction.all(FeedNight, "pages/select_feed_readings", source=source, size=size)


def every_day(nights: list[Night], today: date) -> list[Night]:
    """Return one entry for each of the last 30 days, with zeros where there was no night."""
    known = {night.night: night for night in nights}
    days = [today - timedelta(days=back) for back in reversed(range(NIGHTS))]
    return [known.get(day, Night(day, 0, 0, 0)) for day in days]
