"""A schedule that Airflow could not follow is refused with what is wrong, before a night is missed."""

from datetime import UTC, datetime

import pytest
from airflow.sdk.definitions.timetables._cron import CRON_PRESETS
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.configuration.problems import problems
from idh_tasks.configuration.schedules import PRESETS, cron_fault, time_zone_fault

CRON = "it must be five fields of cron such as `0 1 * * *`"
START = "it must be a time in the past such as `2026-01-01T00:00:00Z`"
ZONE = "it must be a name of the IANA time zones such as `Europe/Berlin`"


@pytest.mark.parametrize(
    ("variable", "value", "remark"),
    [
        ("IDH_INGEST_CRON", "70 1 * * *", f"{CRON}: its minute '70' is not within 0–59."),
        ("IDH_LINK_CRON", "0 25 * * *", f"{CRON}: its hour '25' is not within 0–23."),
        ("IDH_LINK_CRON", "0 3 * 13 *", f"{CRON}: its month '13' is not within 1–12 or JAN–DEC."),
        ("IDH_RETRAIN_CRON", "0 5 * * 8", f"{CRON}: its day of the week '8' is not within 0–7 or SUN–SAT."),
        ("IDH_RETRAIN_CRON", "0 5 * * SONNTAG", f"{CRON}: its day of the week 'SONNTAG' is not within 0–7 or SUN–SAT."),
        ("IDH_INGEST_CRON", "0 1 30 2 *", f"{CRON}: there is no such day in any year."),
        ("IDH_INGEST_CRON", "0 R * * *", f"{CRON}: its hour 'R' is not within 0–23."),
        ("IDH_INGEST_CRON", "0 0 1 * * *", f"{CRON}."),
        ("IDH_INGEST_CRON", "0 1 * *", f"{CRON}."),
        ("IDH_INGEST_CRON", "@midnight", f"{CRON}."),
        ("IDH_INGEST_CRON", "01:00", f"{CRON}."),
        ("IDH_INGEST_CRON", "", f"{CRON}."),
        ("IDH_TIME_ZONE", "europe/berlin", f"{ZONE}: the most similar is Europe/Berlin."),
        ("IDH_TIME_ZONE", "localtime", f"{ZONE}."),
        ("IDH_START", "0001-01-01T00:00:00+14:00", f"{START}: it is before 1970."),
        ("IDH_TIME_ZONE", "Berlin", f"{ZONE}: the most similar is Europe/Berlin."),
        ("IDH_TIME_ZONE", "+01:00", f"{ZONE}."),
        ("IDH_TIME_ZONE", "../../etc/passwd", f"{ZONE}."),
        ("IDH_PACS_CHANGES", " ", "it must be the name of a Connection."),
    ],
)
def test_a_bad_schedule_is_named_with_what_is_wrong(variable: str, value: str, remark: str) -> None:
    shown = f"'{value}'" if value else "empty"
    assert problems({variable: value}) == [f"{variable} is {shown}; {remark}"]


@pytest.mark.parametrize("text", ["0 1 * * *", "*/5 1-3 * * MON", "0 5 * * 6", "0 0 29 2 *", "@quarterly"])
def test_a_schedule_that_airflow_follows_is_accepted(text: str) -> None:
    assert cron_fault(text) is None


@given(st.text(alphabet="0123456789*/,-?L#@RHW MONSUNhourly", max_size=24))
def test_what_is_accepted_is_due_at_the_same_time_whenever_it_is_read(text: str) -> None:
    if cron_fault(text) is None:
        began = datetime(2026, 1, 1, tzinfo=UTC)
        times = {croniter(CRON_PRESETS.get(text, text), began).get_next() for _ in range(2)}
        assert len(times) == 1


@given(st.text(max_size=30))
def test_any_text_is_judged_as_a_time_zone(text: str) -> None:
    assert time_zone_fault(text) is None or "\n" not in str(time_zone_fault(text))


def test_the_presets_are_those_of_airflow() -> None:
    assert set(PRESETS) == set(CRON_PRESETS)
