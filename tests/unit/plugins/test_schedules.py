"""A night starts at its hour in the hospital's time zone, once a day, also when the clocks change."""

import os
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import DataInterval, TimeRestriction
from idh_airflow import schedules
from idh_airflow.assets import STUDIES

from idh_tasks.errors import SettingsRefusedError
from idh_tasks.settings import ROOT

BAD = {
    "IDH_INGEST_CRON": ("70 1 * * *", "its minute '70'"),
    "IDH_TIME_ZONE": ("Europe/Berlim", "Europe/Berlin"),
    "IDH_LEARNING__EPOCHS": ("lots", "a whole number of at least 1"),
    "IDH_LEARNING__EPOCH": ("3", "did you mean IDH_LEARNING__EPOCHS?"),
}
"""A bad cron, a bad time zone, a bad setting and an unknown variable, each with what the refusal says."""


def nights(monkeypatch: pytest.MonkeyPatch, cron: str, zone: str, start: pendulum.DateTime) -> list[pendulum.DateTime]:
    """Return when Airflow starts the runs of a year, in local time: what it shows as *Next Run*."""
    monkeypatch.setattr(schedules, "TIME_ZONE", zone)
    timetable = coerce_to_core_timetable(schedules.timed(cron, STUDIES))
    timetable.validate()
    found: list[pendulum.DateTime] = []
    interval: DataInterval | None = None
    while not found or found[-1] < start.add(years=1):
        info = timetable.next_dagrun_info(
            last_automated_data_interval=interval,
            restriction=TimeRestriction(earliest=start, latest=None, catchup=True),
        )
        assert info is not None
        interval = info.data_interval
        found.append(info.run_after.in_timezone(zone))
    return found


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_a_night_starts_once_a_day_at_its_hour(monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    found = nights(monkeypatch, "0 1 * * *", zone, pendulum.datetime(2026, 1, 1, tz=zone))
    days = [night.date() for night in found]
    assert len(set(days)) == len(days) == 366
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert {(night.hour, night.minute) for night in found} == {(1, 0)}


def test_an_hour_that_the_clocks_skip_or_repeat_has_one_night(monkeypatch: pytest.MonkeyPatch) -> None:
    found = nights(monkeypatch, "30 2 * * *", "Europe/Berlin", pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"))
    days = [night.date() for night in found]
    assert len(set(days)) == len(days) == 366
    others = {night.isoformat() for night in found if (night.hour, night.minute) != (2, 30)}
    assert others == {"2026-03-29T03:30:00+02:00"}
    assert ZoneInfo("Europe/Berlin").utcoffset(found[0]) == timedelta(hours=1)


@pytest.mark.parametrize("variable", BAD)
def test_no_dag_is_parsed_with_a_bad_variable_and_the_error_names_it(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    value, said = BAD[variable]
    monkeypatch.setenv(variable, value)
    bag = DagBag(str(ROOT / "dags"))
    assert sorted(bag.dags) == ["check_sources"]
    assert len(bag.import_errors) == len(list((ROOT / "dags").glob("*.py"))) - 1
    assert all(variable in error and said in error for error in bag.import_errors.values())


@pytest.mark.parametrize("variable", BAD)
def test_a_schedule_is_refused_before_airflow_takes_it(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setitem(os.environ, variable, BAD[variable][0])
    with pytest.raises(SettingsRefusedError, match=variable):
        schedules.timed("0 1 * * *", STUDIES)
