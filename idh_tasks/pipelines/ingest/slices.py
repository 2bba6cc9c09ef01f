"""Periods of study dates, cut so that each holds about as many studies as a night should list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

from idh_tasks.db.ledger import Slice
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.night_settings import ListingSettings
from idh_tasks.pipelines.ingest.sources.items import EARLIEST

DAY = timedelta(days=1)
LAST = date(2999, 12, 31)
"""The end of the newest period: a wrong clock makes studies of the future."""


@dataclass(frozen=True)
class Period:
    """The study dates from `since` to `until`, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """Return the number of days."""
        return (self.until - self.since).days + 1


def next_period(last: Slice | None, today: date, settings: ListingSettings) -> Period | None:
    """Return the period after the last slice, or None after the newest: then the studies without a date are due.

    A period grows or shrinks with what the last one held, and at most to the double.
    """
    if last is None or last.since is None or last.until is None:
        return _until(Period(EARLIEST, EARLIEST + settings.slice_days * DAY - DAY), today)
    if last.until >= today:
        return None
    days = _length(Period(last.since, last.until).days, last.listed, settings)
    since = last.until + DAY
    return _until(Period(since, since + days * DAY - DAY), today)


def _until(period: Period, today: date) -> Period:
    return Period(period.since, LAST) if period.until >= today else period


def _length(days: int, listed: int, settings: ListingSettings) -> int:
    wanted = days * settings.slice_studies // max(listed, 1)
    return max(1, min(wanted, 2 * days, settings.slice_days))


def cut_to(period: Period, listed: Sequence[PacsStudy], settings: ListingSettings) -> tuple[Period, list[PacsStudy]]:
    """Return the first days of a period that holds more than twice what it should, with their studies."""
    if len(listed) <= 2 * settings.slice_studies:
        return period, list(listed)
    ordered = sorted(listed, key=lambda study: study.study_date)
    end = ordered[settings.slice_studies].study_date
    kept = list(takewhile(lambda study: study.study_date < end, ordered))
    if not kept:  # a single day holds as many
        kept = [study for study in ordered if study.study_date == end]
        return Period(period.since, _day(end, period)), kept
    return Period(period.since, _day(end, period) - DAY), kept


def _day(text: str, period: Period) -> date:
    try:
        return min(max(date.fromisoformat(text), period.since), period.until)
    except ValueError:  # an archive that lists what was not asked for
        return period.until


def cut_days(since: date, until: date, days: int) -> list[Period]:
    """Return a period in slices of as many days, the newest first."""
    starts = [since + number * DAY for number in range(0, (until - since).days + 1, days)]
    return [Period(start, min(start + days * DAY - DAY, until)) for start in reversed(starts)]
