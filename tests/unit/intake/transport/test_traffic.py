"""A PACS is left alone when it is busy and outside of the hours, and is told how urgent a request is."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import PeerBusyError, TransientError
from idh_tasks.intake.transport import association, find, retrieve
from idh_tasks.intake.transport.association import association as opened
from idh_tasks.intake.transport.association import echo
from idh_tasks.intake.transport.find import find_studies, list_study
from idh_tasks.intake.transport.traffic import Priority, await_turn, check_hours, is_quiet, shared
from tests.deliveries import retrieved
from tests.pacs_double import STUDY, PacsDouble, free_port, instances, pacs_double

NIGHT, NOON = datetime(2026, 11, 27, 23, 0, tzinfo=UTC), datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
DAY = (date(2020, 1, 1), date(2020, 1, 1))
VERIFICATION = "1.2.840.10008.1.1"


class Counted:
    """Traffic that takes note of what is asked of it."""

    def __init__(self, turn_in_s: float | None = 0) -> None:
        self.taken: list[tuple[int, float]] = []
        self.turns: list[int] = []
        self.held = 0
        self._turn_in_s = turn_in_s

    @contextmanager
    def slot(self, most: int, wait_s: float) -> Iterator[None]:
        self.taken.append((most, wait_s))
        self.held += 1
        yield
        self.held -= 1

    def turn_in_s(self, per_hour: int, wait_s: float) -> float | None:
        del wait_s
        self.turns.append(per_hour)
        return self._turn_in_s


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make the pauses short, and return the attempts after which there was one."""
    attempts: list[int] = []

    def pause_s(attempt: int) -> float:
        attempts.append(attempt)
        return 0.02

    monkeypatch.setattr(association, "pause_s", pause_s)
    monkeypatch.setattr(retrieve, "pause_s", pause_s)
    return attempts


def pacs(**update: object) -> PacsSettings:
    base = PacsSettings(host="127.0.0.1", port=1, called_aet="PACS", calling_aet="US")
    return base.model_copy(update=update)


def test_every_association_takes_one_of_those_that_the_platform_may_have() -> None:
    traffic = Counted()
    with pacs_double(PacsDouble(instances(2))) as double:
        limited = shared(double.settings.model_copy(update={"max_associations": 3, "association_wait_s": 7}), traffic)
        echo(limited)
        assert traffic.taken == [(3, 7)]
        find_studies(limited, *DAY)
        list_study(limited, STUDY)
        retrieve.retrieve(limited, STUDY, double.contents, {})
        assert traffic.taken == [(3, 7)] * 5
    assert traffic.held == 0


def test_a_busy_pacs_is_asked_again_until_it_has_time(quick: list[int]) -> None:
    """The PACS takes one association at a time; the first one ends when we have been rejected three times."""
    with pacs_double(PacsDouble([]), most=1) as double:
        patient = double.settings
        first = opened(patient, [], VERIFICATION)
        first.__enter__()

        def end_first(attempt: int) -> float:
            quick.append(attempt)
            if attempt == 3:
                first.__exit__(None, None, None)
            return 0.1

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(association, "pause_s", end_first)
            echo(patient)
    assert quick[:3] == [1, 2, 3]


def test_a_pacs_that_stays_busy_is_named(quick: list[int]) -> None:
    with pacs_double(PacsDouble([]), most=1) as double:
        impatient = double.settings.model_copy(update={"association_wait_s": 0.2})
        with opened(impatient, [], VERIFICATION), pytest.raises(PeerBusyError, match="limit of associations"):
            echo(impatient)
    assert len(quick) > 1


def test_pauses_grow_up_to_a_minute_and_are_never_the_same() -> None:
    assert [int(association.pause_s(attempt)) for attempt in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert 60 <= association.pause_s(50) <= 61
    assert len({association.pause_s(3) for _ in range(20)}) == 20


def test_a_query_that_the_pacs_has_no_resources_for_is_asked_again(quick: list[int]) -> None:
    with pacs_double(PacsDouble(instances(2), statuses=[0xA700, 0xA700])) as double:
        assert len(list_study(double.settings, STUDY).instances) == 2
    assert quick == [1, 2]


def test_a_query_is_not_asked_for_ever(quick: list[int]) -> None:
    with (
        pacs_double(PacsDouble(instances(2), statuses=[0xA700] * 1000)) as double,
        pytest.raises(TransientError, match="E_QUERY_TRUNCATED: the PACS does not list any study of 2020-01-01"),
    ):
        find_studies(double.settings, *DAY)
    assert find.ATTEMPTS < len(double.priorities) < 100
    assert quick


def test_a_day_that_stays_too_much_is_asked_in_parts(quick: list[int]) -> None:
    with pacs_double(PacsDouble(instances(2), statuses=[0xA700] * find.ATTEMPTS)) as double:
        assert [study.study_uid for study in find_studies(double.settings, *DAY)] == [STUDY]
    assert len(double.priorities) == find.ATTEMPTS + 2
    assert quick


def test_a_retrieve_that_the_pacs_has_no_resources_for_is_asked_again(quick: list[int]) -> None:
    with pacs_double(PacsDouble(instances(2), statuses=[0xA702])) as double:
        assert len(retrieved(double.settings, STUDY, double.contents)) == 2
    assert quick == [1]


def test_a_retrieve_that_never_has_resources_is_busy_and_not_incomplete(quick: list[int]) -> None:
    with (
        pacs_double(PacsDouble(instances(2), statuses=[0xA702] * retrieve.ATTEMPTS)) as double,
        pytest.raises(PeerBusyError, match="E_PACS_BUSY: the PACS could not send"),
    ):
        retrieve.retrieve(double.settings, STUDY, double.contents, {})
    assert quick == [1, 2, 3]


@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
@pytest.mark.parametrize("priority", Priority)
def test_the_priority_reaches_the_pacs(how: str, priority: Priority) -> None:
    port = free_port()
    with pacs_double(PacsDouble(instances(1), receivers={"US": port})) as double:
        asked = double.settings.model_copy(update={"retrieve": how, "listen_port": port})
        find_studies(asked, *DAY, priority)
        list_study(asked, STUDY, priority=priority)
        retrieve.retrieve(asked, STUDY, double.contents, {}, priority)
    assert set(double.priorities) == {priority}
    assert len(double.priorities) == 5


def test_nothing_of_ours_is_more_urgent_than_a_clinic() -> None:
    assert {priority.name: priority.value for priority in Priority} == {"MEDIUM": 0, "LOW": 2}


def test_no_retrieve_starts_outside_of_its_hours() -> None:
    nights = pacs(retrieve_hours="20:00-06:00 UTC")
    check_hours(nights, NIGHT)
    with pytest.raises(TransientError, match="E_PACS_HOURS: retrieves start within 20:00-06:00 UTC only"):
        check_hours(nights, NOON)
    check_hours(pacs(), NOON)


def test_a_retrieve_outside_of_its_hours_opens_no_association() -> None:
    now = datetime.now(UTC)
    over = f"{(now.hour + 2) % 24:02}:00-{(now.hour + 3) % 24:02}:00 UTC"
    with pacs_double(PacsDouble(instances(1))) as double:
        closed = double.settings.model_copy(update={"retrieve_hours": over})
        with pytest.raises(TransientError, match="E_PACS_HOURS"):
            retrieve.retrieve(closed, STUDY, double.contents, {})
    assert double.most == 0


def test_a_backfill_may_retrieve_in_quiet_hours_only() -> None:
    nights = pacs(quiet_hours="20:00-06:00 UTC").quiet_hours
    assert (is_quiet(nights, NIGHT), is_quiet(nights, NOON)) == (True, False)
    assert is_quiet(None, NOON)
    assert not is_quiet(pacs().quiet_hours, NOON)


@pytest.mark.parametrize("field", ["quiet_hours", "retrieve_hours"])
def test_hours_without_a_time_zone_are_refused_by_name(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        PacsSettings.model_validate(pacs().model_dump() | {field: "20:00-06:00"})


def test_a_retrieve_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    traffic = Counted(turn_in_s=42.0)
    await_turn(shared(pacs(retrieves_per_hour=60), traffic))
    await_turn(shared(pacs(), traffic))
    assert (traffic.turns, waits) == ([60], [42.0])


def test_a_retrieve_whose_turn_is_too_far_away_is_not_started() -> None:
    with pytest.raises(PeerBusyError, match="E_PACS_BUSY: the limit of 60 retrieves per hour"):
        await_turn(shared(pacs(retrieves_per_hour=60), Counted(turn_in_s=None)))


def test_what_a_pacs_shares_is_no_part_of_its_settings(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        limited = shared(pacs(query_limit=5, peers=("10.0.0.0/8",)), Counted())
    assert (limited.query_limit, limited.port, limited.timeout_s) == (5, 1, 60)
    assert limited.model_copy(update={"timeout_s": 5}).traffic is limited.traffic
