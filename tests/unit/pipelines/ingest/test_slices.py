"""Periods of study dates cover every day once, and hold about as many studies as a night should list."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.db.ledger import Slice
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.night_settings import ListingSettings
from idh_tasks.pipelines.ingest.slices import LAST, Period, cut_days, cut_to, next_period
from idh_tasks.pipelines.ingest.sources.items import EARLIEST

TODAY = date(2026, 11, 27)
SETTINGS = ListingSettings(slice_studies=10, slice_days=366)
DAYS = st.integers(0, 4000).map(lambda number: date(2010, 1, 1) + timedelta(days=number))


@given(st.integers(0, 500))
def test_a_pass_covers_every_day_once_and_ends_with_the_undated_studies(listed: int) -> None:
    last: Slice | None = None
    expected = EARLIEST
    for _ in range(20000):
        period = next_period(last, TODAY, SETTINGS)
        if period is None:
            break
        assert period.since == expected
        assert period.since <= min(period.until, TODAY)
        expected, last = period.until + timedelta(days=1), Slice(period.since, period.until, listed)
    assert expected == LAST + timedelta(days=1)


def test_the_undated_studies_are_followed_by_the_first_period_again() -> None:
    assert next_period(Slice(None, None, 3), TODAY, SETTINGS) == next_period(None, TODAY, SETTINGS)


@pytest.mark.parametrize(("days", "listed", "following"), [(100, 20, 50), (100, 8, 125), (100, 1, 200), (1, 500, 1)])
def test_a_period_grows_and_shrinks_with_what_the_last_one_held(days: int, listed: int, following: int) -> None:
    last = Slice(date(2010, 1, 1), date(2010, 1, 1) + timedelta(days=days - 1), listed)
    period = next_period(last, TODAY, SETTINGS)
    assert period is not None
    assert period.days == following


@given(st.lists(DAYS, max_size=80))
def test_a_crowded_period_is_cut_at_a_day_and_loses_no_study_of_the_days_it_keeps(days: list[date]) -> None:
    whole = Period(date(2010, 1, 1), date(2021, 1, 1))
    listed = [PacsStudy(f"1.{number}", f"{day:%Y%m%d}", 1) for number, day in enumerate(days)]
    period, kept = cut_to(whole, listed, SETTINGS)
    assert period.since == whole.since
    assert {one.study_uid for one in kept} == {
        f"1.{number}" for number, day in enumerate(days) if period.since <= day <= period.until
    }
    assert len(kept) <= 20 or period.until < whole.until


def test_a_day_that_holds_more_than_a_slice_is_a_slice_of_its_own() -> None:
    listed = [PacsStudy(f"1.{number}", "20100105", 1) for number in range(50)]
    period, kept = cut_to(Period(date(2010, 1, 1), date(2010, 12, 31)), listed, SETTINGS)
    assert (period.until, len(kept)) == (date(2010, 1, 5), 50)


@given(DAYS, st.integers(0, 1000), st.integers(1, 400))
def test_a_backfill_is_cut_into_adjoining_slices_with_the_newest_first(since: date, length: int, days: int) -> None:
    until = since + timedelta(days=length)
    slices = cut_days(since, until, days)
    assert slices[0].until == until
    assert slices[-1].since == since
    assert all(later.since - timedelta(days=1) == earlier.until for later, earlier in pairwise(slices))
    assert max(one.days for one in slices) <= days
