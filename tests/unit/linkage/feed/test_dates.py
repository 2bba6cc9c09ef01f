"""A date is read if it can be read in one way; a partial one is unknown, and never the first of January."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.linkage.feed.dates import read_date

DAYS = st.dates(date(1900, 1, 2), date(2025, 12, 31))


@given(DAYS, st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S+02:00", "%Y%m%d%H%M"]))
def test_a_complete_date_is_read_in_every_usual_form(day: date, form: str) -> None:
    assert read_date(day.strftime(form)) == day


@given(DAYS, st.sampled_from("/-"), st.sampled_from(["day_first", "month_first"]))
def test_a_date_with_slashes_is_read_in_the_stated_order(day: date, sign: str, order: str) -> None:
    form = f"%d{sign}%m{sign}%Y" if order == "day_first" else f"%m{sign}%d{sign}%Y"
    assert read_date(day.strftime(form), order) == day  # type: ignore[arg-type]


@given(DAYS)
def test_without_a_stated_order_a_date_with_slashes_is_read_rightly_or_refused(day: date) -> None:
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        try:
            assert read_date(day.strftime(form)) == day
        except ValueError:
            assert day.day <= 12


@pytest.mark.parametrize(
    "text",
    ["195811", "2018", "1958-11", "1958/11", "11/1958", "11.1958", "00.00.1958", "00.11.1958", "1958-00-00",
     "1958-11-00", "1958-00-12", "19580000", "19581100", "0000-00-00", "00000000", "00/00/1958", "", '""', "NULL",
     None, float("nan")],
)  # fmt: skip
def test_a_partial_or_empty_date_is_unknown(text: object) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    "value",
    ["03/04/1958", "03-04-1958", "01.04.58", "580401", "4/58", "58-04-01", "1958-13-01", "30.02.1958", "32/01/1958",
     "1899-12-31", "1900-01-01", "9999-12-31", "21186", 21186, 21186.0, True, "1958-04-01 or so", "1 April 1958",
     date(1753, 1, 1), datetime.now(UTC) + timedelta(days=3)],
)  # fmt: skip
def test_a_date_that_is_ambiguous_or_cannot_be_true_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        read_date(value)
