"""A failure is tried again later and later; several tries in one night are one."""

from datetime import UTC, datetime, timedelta

from idh_tasks.domain.retry import Tries

START = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
NIGHT = timedelta(days=1)


def test_the_pauses_double_from_night_to_night() -> None:
    tries, counted = Tries(), []
    for night in range(32):
        again = tries.begin(START + night * NIGHT)
        if again != tries:
            counted.append(night)
        tries = again
    assert counted == [0, 1, 3, 7, 15, 31]
    assert tries.nights == 6


def test_repeats_within_a_night_count_once() -> None:
    first = Tries().begin(START)
    assert [first.begin(START + timedelta(hours=hours)) for hours in (0, 1, 5, 11)] == [first] * 4


def test_a_night_that_begins_earlier_than_the_last_one_is_another_night() -> None:
    assert Tries().begin(START).begin(START + timedelta(hours=20)).nights == 2
