"""The plan of a backfill: how many studies an archive lists, how large they are, and how long they will take."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from idh_tasks.codes import Code
from idh_tasks.db import backfills
from idh_tasks.db.backfills import Order, SliceCounts
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.intake.transport.traffic import is_quiet
from idh_tasks.pipelines.ingest.selection import select
from idh_tasks.pipelines.ingest.slices import Period, cut_days
from idh_tasks.pipelines.ingest.sources.archives import Archive, archive_of, list_period
from idh_tasks.pipelines.platform import Platform


@dataclass(frozen=True)
class Plan:
    """What a backfill would fetch; times and bytes follow from the latest retrieves, and are None before the first."""

    slices: int = 0
    listed: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    known: int = 0
    to_fetch: int = 0
    instances: int = 0
    gigabytes: float | None = None
    hours: float | None = None
    evenings: int | None = None
    gaps: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return the plan in words."""
        reasons = "".join(f", {count} {reason}" for reason, count in sorted(self.excluded.items()))
        found = f"{self.slices} slices, {self.listed} studies listed: {self.known} known{reasons}"
        gaps = "".join(f" {gap}." for gap in self.gaps)
        return f"{found}, {self.to_fetch} to fetch with {self.instances} instances; {self._effort()}.{gaps}"

    def _effort(self) -> str:
        if self.hours is None or self.gigabytes is None:
            return "how long and how large is known after the first retrieves from this archive"
        return f"about {self.gigabytes:.1f} GB and {self.hours:.1f} hours; evenings of quiet hours: {self.evenings}"


def archive_to_fill(platform: Platform, order: Order) -> Archive:
    """Return the archive of an order.

    Raises
    ------
    RunRefusedError
        ``E_PREFLIGHT`` if it is not configured.
    """
    archive = archive_of(platform, order.source)
    if archive is None:
        raise RunRefusedError(Code.E_PREFLIGHT, f"the source {order.source} is not configured, or lists no studies")
    return archive


def plan(platform: Platform, order: Order) -> Plan:
    """List the archive slice by slice without registering anything, and estimate the effort.

    Raises
    ------
    RunRefusedError
        As `archive_to_fill`.
    TransientError
        As the archive's listing.
    """
    archive, periods = archive_to_fill(platform, order), cut_days(order.since, order.until, order.slice_days)
    listed, known, instances, to_fetch = 0, 0, 0, 0
    excluded: Counter[str] = Counter()
    gaps: list[str] = []
    for period in periods:
        part = list_slice(platform, archive, period)
        counts = part.counts
        with platform.database.begin() as transaction:
            on_record = backfills.known(transaction, order.source, [study.study_uid for study in part.taken])
        left = counts.taken - on_record
        listed, known, to_fetch = listed + counts.listed, known + on_record, to_fetch + left
        # An archive states instances per study; those on record are taken to be like the others.
        instances += round(counts.instances * left / counts.taken) if counts.taken else 0
        excluded += part.excluded
        gaps += [part.incomplete] if part.incomplete else []
    with platform.database.begin() as transaction:
        pace = backfills.pace(transaction, order.source)
    hours = pace.seconds * instances / 3600 if pace.seconds is not None else None
    size = pace.bytes * instances / 1e9 if pace.bytes is not None else None
    evenings = None if hours is None else -int(-hours // quiet_hours_a_day(archive.quiet_hours))
    return Plan(len(periods), listed, dict(excluded), known, to_fetch, instances, size, hours, evenings, tuple(gaps))


@dataclass(frozen=True)
class ListedSlice:
    """What an archive lists in a slice: counts, the studies that are taken, the others by reason, and what is left."""

    counts: SliceCounts
    taken: list[PacsStudy]
    excluded: Counter[str]
    incomplete: str


def list_slice(platform: Platform, archive: Archive, period: Period) -> ListedSlice:
    """List a slice of an archive, and select the studies that are taken."""
    listed = list_period(archive, period.since, period.until)
    taken, excluded = select(platform, archive.source, listed.studies)
    instances = sum(study.instances for study in taken)
    counts = SliceCounts(len(listed.studies), len(taken), sum(excluded.values()), instances)
    return ListedSlice(counts, taken, excluded, listed.incomplete)


def quiet_hours_a_day(quiet_hours: str | None) -> float:
    """Return how many hours a backfill may work in a day."""
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    quarters = [midnight + timedelta(minutes=15 * number) for number in range(96)]
    return max(sum(is_quiet(quiet_hours, quarter) for quarter in quarters) / 4, 0.25)
