"""Hours of the day: what counts as within, and what is no statement of hours."""

from datetime import UTC, datetime

import pytest

from idh_tasks.domain.hours import Hours

SUMMER, WINTER = (2026, 7, 1), (2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "hour", "minute", "within"),
    [
        ("20:00-06:00 UTC", 20, 0, True),
        ("20:00-06:00 UTC", 19, 59, False),
        ("20:00-06:00 UTC", 5, 59, True),
        ("20:00-06:00 UTC", 6, 0, False),
        ("20:00-06:00 UTC", 12, 0, False),
        ("01:00-05:00 UTC", 1, 0, True),
        ("01:00-05:00 UTC", 5, 0, False),
        ("01:00-05:00 UTC", 23, 0, False),
    ],
)
def test_the_start_is_within_and_the_end_is_not(text: str, hour: int, minute: int, within: bool) -> None:
    assert (datetime(*WINTER, hour, minute, tzinfo=UTC) in Hours.parse(text)) is within


def test_the_clock_of_the_stated_zone_counts_in_summer_and_in_winter() -> None:
    hours = Hours.parse("20:00-06:00 Europe/Berlin")
    assert datetime(*SUMMER, 18, 0, tzinfo=UTC) in hours
    assert datetime(*WINTER, 18, 0, tzinfo=UTC) not in hours
    assert datetime(*WINTER, 19, 0, tzinfo=UTC) in hours


def test_hours_are_written_as_they_are_read() -> None:
    assert str(Hours.parse("20:00-06:00 Europe/Berlin")) == "20:00-06:00 Europe/Berlin"


@pytest.mark.parametrize(
    "text",
    [
        "", "nachts", "20:00-06:00", "20-6 UTC", "20:00-20:00 UTC", "24:00-06:00 UTC", "20:00-06:60 UTC",
        "20:00-06:00 Berlin", "20:00-06:00 ../etc/passwd", "20:00-06:00 Europe/Berlin and more", "20:00–06:00 UTC",
    ],
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"times|zone|hour|minute|second|isoformat"):
        Hours.parse(text)
