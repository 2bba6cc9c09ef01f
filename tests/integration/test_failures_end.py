"""A delivery that fails is named, counted and tried again later and later, until it is held: never for ever."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import quarantine
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.ingest import batch, discovery, fault, night
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.ingest.sources import SOURCES, bucket
from idh_tasks.pipelines.ingest.sources.items import Listing, inbox_item
from idh_tasks.pipelines.operate.readmission import readmit_code
from idh_tasks.pipelines.pages.held import held
from idh_tasks.pipelines.pages.tonight import SourceBalance, tonight
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import drop, outcomes, quarantined, study
from tests.pacs_table.clock import it_is

BUCKET = ("bucket",)
FIRST = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
GIVEN_UP_IN = 15
"""The night of the fifth try: 0, 1, 3, 7, 15."""
SECRET = "Zebedee^Marker"


def in_night(number: int, platform: Platform) -> bool:
    """Run a night of the bucket; return whether it was green."""
    with it_is(FIRST + number * timedelta(days=1)):
        try:
            night.ingest(platform, BUCKET)
        except RunRefusedError:
            return False
        return True


def tries(platform: Platform) -> list[int]:
    return [nights for (nights,) in run_sql(platform, "SELECT nights_tried FROM phi.inbox ORDER BY item_id")]


def latest(platform: Platform, source: str = "bucket") -> SourceBalance:
    return next(one for one in tonight(platform, datetime.now(UTC)).balances if one.source == source)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException | None], None]:
    """Return a function that lets the opening of an object fail, or succeed again."""
    opened = vars(bucket)["open_archive"]

    def fail_with(error: BaseException | None) -> None:
        def fail(*_: object) -> None:
            raise error if error else AssertionError

        monkeypatch.setattr(bucket, "open_archive", fail if error else opened)

    return fail_with


def test_a_failing_delivery_is_tried_later_and_later_and_then_held(
    platform: Platform, poison: Callable[[BaseException | None], None]
) -> None:
    drop(platform, "one", study())
    poison(ValueError(SECRET))
    counted = []
    for number in range(GIVEN_UP_IN):
        before = tries(platform)
        in_night(number, platform)
        if tries(platform) != before:
            counted.append(number)
    assert counted == [0, 1, 3, 7]
    assert outcomes(platform) == {"failed E_UNEXPECTED": 1}
    [waiting] = held(platform, "", "", 1).deliveries
    assert (waiting.nights_tried, waiting.code) == (4, Code.E_UNEXPECTED)
    assert waiting.next_try == FIRST + timedelta(days=7 + 8, hours=-12)
    assert in_night(GIVEN_UP_IN, platform)
    assert outcomes(platform) == {"quarantined E_GIVEN_UP": 1}
    assert quarantined(platform) == {"delivery E_GIVEN_UP": 1}
    [row] = held(platform, "", "", 1).listing.rows
    assert row.reason.startswith("tried in 5 nights; the last fault was E_UNEXPECTED: ValueError at ")
    assert SECRET not in row.reason


def test_what_was_held_after_its_last_try_returns_as_if_new(
    platform: Platform, poison: Callable[[BaseException | None], None]
) -> None:
    drop(platform, "one", study())
    poison(ValueError(SECRET))
    for number in (0, 1, 3, 7, 15):
        in_night(number, platform)
    assert readmit_code(platform, Code.E_GIVEN_UP, "mary") == 1
    assert (outcomes(platform), tries(platform)) == ({"found": 1}, [0])
    poison(None)
    assert in_night(16, platform)
    assert outcomes(platform) == {"ingested": 1}


def test_a05_a_delivery_that_kills_its_process_is_held_after_its_last_try(
    platform: Platform, poison: Callable[[BaseException | None], None]
) -> None:
    drop(platform, "one", study())
    poison(SystemExit())
    for number in (0, 1, 3, 7, 15):
        with it_is(FIRST + number * timedelta(days=1)):
            listed = discover(platform, BUCKET)
            with pytest.raises(SystemExit):
                ingest_batch(platform, listed["batches"][0]["ids"])
            balance(platform, listed)
    assert outcomes(platform) == {"quarantined E_GIVEN_UP": 1}
    with platform.database.begin() as transaction:
        [entry] = quarantine.list_entries(transaction)
    assert entry.reason == "tried in 5 nights; the process of the last try was killed before it could say why"


def test_repeats_of_a_batch_within_a_night_are_one_try(
    platform: Platform, poison: Callable[[BaseException | None], None]
) -> None:
    drop(platform, "one", study())
    poison(ValueError())
    ids = discover(platform, BUCKET)["batches"][0]["ids"]
    for _ in range(3):
        with pytest.raises(TransientError, match="E_INGEST"):
            ingest_batch(platform, ids)
    assert ingest_batch(platform, ids, last_try=True) == {"failed": 1}
    assert tries(platform) == [1]


@pytest.mark.parametrize(("answers", "counted"), [(False, 0), (True, 1)])
def test_an_archive_that_is_away_does_not_use_up_the_tries_of_its_studies(
    answers: bool, counted: int, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_: Platform, item: InboxItem) -> FetchedFiles:
        raise TransientError(Code.E_PACS, "the PACS did not finish the request")

    def probe(_: Platform) -> None:
        if not answers:
            raise TransientError(Code.E_PACS, "no association")

    listing = Listing([inbox_item(platform, "pacs", "1.2.3", "4", "20260301")])
    archive = replace(
        SOURCES["pacs"], is_configured=lambda _: True, list_items=lambda *_: listing, of_patients=None,
        fetch=fetch, probe=probe,
    )  # fmt: skip
    for module in (discovery, batch, fault):
        monkeypatch.setattr(module, "SOURCES", {"pacs": archive})
    for number in range(3):
        with it_is(FIRST + number * timedelta(days=1)):
            found = discover(platform, ("pacs",))
            for part in found["batches"]:
                ingest_batch(platform, part["ids"], last_try=True)
            end = balance(platform, found)
            assert bool(end["refused"]) is (number == 0 or not answers)
    assert tries(platform) == [2 * counted]
    assert outcomes(platform) == {"failed E_PACS": 1}


def with_tolerance(platform: Platform, tolerance: float) -> Platform:
    settings = platform.settings.night.model_copy(update={"tolerance": tolerance})
    return Platform(platform.settings.model_copy(update={"night": settings}))


@pytest.fixture
def one_of_two_fails(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(platform, "good", study("1.2.3"))
    drop(platform, "poison", study("1.2.4", patient="other"))
    fetch = bucket.fetch

    def fail_some(given: Platform, item: InboxItem) -> FetchedFiles:
        if "poison" in item.locator:
            raise ValueError(SECRET)
        return fetch(given, item)

    monkeypatch.setattr(batch, "SOURCES", {**SOURCES, "bucket": replace(SOURCES["bucket"], fetch=fail_some)})


@pytest.mark.usefixtures("one_of_two_fails")
def test_failures_within_the_tolerance_are_green_named_and_counted(platform: Platform) -> None:
    assert in_night(0, with_tolerance(platform, 0.5))
    row = latest(platform)
    assert (row.found, row.new, row.failed, row.flag) == (2, 1, 1, Code.W_TOLERATED)
    assert row.reason == "1 without an outcome (1 E_UNEXPECTED), 2 tried"
    assert tonight(platform, datetime.now(UTC)).alarms() == []


@pytest.mark.usefixtures("one_of_two_fails")
def test_a_red_night_counts_what_succeeded_for_its_announcement(platform: Platform) -> None:
    listed = discover(platform, BUCKET)
    for part in listed["batches"]:
        ingest_batch(platform, part["ids"], last_try=True)
    end = balance(platform, listed)
    assert end["studies"] == 1
    with pytest.raises(RunRefusedError, match="E_RECONCILE: bucket: 1 without an outcome"):
        reconcile(end)
    assert latest(platform).flag is Code.E_RECONCILE
    assert [alarm.code for alarm in tonight(platform, datetime.now(UTC)).alarms()] == [Code.E_RECONCILE]


@pytest.mark.usefixtures("one_of_two_fails")
def test_what_waits_for_a_later_night_stays_in_the_balance(platform: Platform) -> None:
    assert [in_night(number, platform) for number in range(3)] == [False, True, True]
    row = latest(platform)
    assert (row.found, row.new, row.unchanged, row.failed) == (2, 0, 1, 1)
    assert row.reason == "1 without an outcome (1 waiting for a later night), 0 tried"
    assert row.flag is Code.W_TOLERATED
