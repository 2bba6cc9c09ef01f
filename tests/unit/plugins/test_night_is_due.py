"""A backfill stops half an hour before the night, in the hospital's time zone."""

from datetime import UTC, datetime

import pytest
from idh_airflow import schedules


@pytest.mark.parametrize(
    ("zone", "moment", "due"),
    [
        ("UTC", "2026-01-15T00:29", False),
        ("UTC", "2026-01-15T00:30", True),
        ("UTC", "2026-01-15T00:59", True),
        ("UTC", "2026-01-15T02:00", False),
        ("Europe/Berlin", "2026-01-14T23:45", True),
        ("Europe/Berlin", "2026-07-14T22:45", True),
        ("Europe/Berlin", "2026-07-14T23:45", False),
    ],
)
def test_a_night_is_due_half_an_hour_before_it(
    monkeypatch: pytest.MonkeyPatch, zone: str, moment: str, *, due: bool
) -> None:
    monkeypatch.setattr(schedules, "TIME_ZONE", zone)
    monkeypatch.setattr(schedules, "INGEST_CRON", "0 1 * * *")
    assert schedules.night_is_due(datetime.fromisoformat(moment).replace(tzinfo=UTC)) is due
