"""Years of an archive: planned with counts first, fetched slice by slice, never in front of a night."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import backfills, inbox, runs
from idh_tasks.db.backfills import Order
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest import backfill, backfill_plan, batch
from idh_tasks.pipelines.ingest.backfill import order_backfill, pause, proceed
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.archives import Archive
from idh_tasks.pipelines.ingest.sources.items import study_items
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import study
from tests.integration.test_corrected_identity import sent
from tests.integration.test_ledger import Shelf

TWO_YEARS = Order("pacs", date(2018, 1, 1), date(2019, 12, 31), slice_days=365)


def never(_: datetime) -> None:
    return None


def after(studies: int) -> Callable[[datetime], str | None]:
    """Return a stop that lets so many questions pass."""
    left = iter([None] * studies)
    return lambda _: next(left, "the quiet hours have ended")


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Return a PACS with two studies of 2018 and one of 2019, whose retrieve works."""
    shelf = Shelf()
    shelf.add(PacsStudy("1.2.3", "20180304", 4), PacsStudy("1.2.4", "20180506", 4), PacsStudy("1.2.5", "20190506", 4))
    archive = Archive("pacs", shelf.between, shelf.undated, shelf.known, shelf.all_series)
    monkeypatch.setattr(backfill_plan, "archive_of", lambda _, source: archive if source == "pacs" else None)
    fetching(monkeypatch, lambda _, item: FetchedFiles(sent(study(item.locator)).files, item.locator))
    return shelf


def fetching(monkeypatch: pytest.MonkeyPatch, fetch: Callable[..., FetchedFiles]) -> None:
    monkeypatch.setattr(batch, "SOURCES", {**SOURCES, "pacs": replace(SOURCES["pacs"], fetch=fetch)})


def states(platform: Platform) -> list[tuple[str, int]]:
    rows = run_sql(platform, "SELECT state, count(*) FROM phi.inbox GROUP BY 1 ORDER BY 1")
    return [(state, count) for state, count in rows]


def slices(platform: Platform) -> list[tuple[str, int | None]]:
    return [
        (state, taken)
        for state, taken in run_sql(platform, "SELECT state, taken FROM idh.backfill_slice ORDER BY since DESC")
    ]


def test_a_plan_counts_first_and_registers_nothing(platform: Platform, shelf: Shelf) -> None:
    planned = backfill_plan.plan(platform, TWO_YEARS)
    assert (planned.slices, planned.listed, planned.to_fetch, planned.instances) == (2, 3, 3, 12)
    assert planned.sentence == (
        "2 slices, 3 studies listed: 0 known, 3 to fetch with 12 instances; "
        "how long and how large is known after the first retrieves from this archive."
    )
    assert states(platform) == []
    assert run_sql(platform, "SELECT count(*) FROM idh.backfill") == [(0,)]


def test_a_plan_says_how_long_and_how_large_by_the_retrieves_so_far(platform: Platform, shelf: Shelf) -> None:
    with platform.database.begin() as transaction:
        inbox.enter(transaction, "pacs", study_items(platform, "pacs", shelf.known(["1.2.3"])))
    run_sql(platform, "UPDATE phi.inbox SET state = 'ingested', seconds = 40, files = 4, bytes = 4000000")
    shelf.add(PacsStudy("1.2.6", "20190506", 7196))
    planned = backfill_plan.plan(platform, TWO_YEARS)
    assert (planned.listed, planned.known, planned.to_fetch, planned.instances) == (4, 1, 3, 7204)
    assert planned.sentence.endswith("about 7.2 GB and 20.0 hours; evenings of quiet hours: 1.")


def test_a_backfill_fetches_every_slice_with_the_newest_first(platform: Platform, shelf: Shelf) -> None:
    order_backfill(platform, TWO_YEARS)
    evening = proceed(platform, never)
    assert evening is not None
    assert (evening.studies, evening.failed, evening.slices_left) == (3, 0, 0)
    assert evening.ended == "the backfill is finished"
    assert states(platform) == [("ingested", 3)]
    assert slices(platform) == [("done", 1), ("done", 2)]
    assert run_sql(platform, "SELECT count(*) FROM idh.study") == [(3,)]
    assert proceed(platform, never) is None


def test_a_backfill_goes_on_the_next_evening_where_it_ended(platform: Platform, shelf: Shelf) -> None:
    order_backfill(platform, TWO_YEARS)
    first = proceed(platform, after(4))
    assert first is not None
    assert (first.studies, first.ended) == (2, "the quiet hours have ended")
    assert states(platform) == [("found", 1), ("ingested", 2)]
    asked = shelf.rows
    second = proceed(platform, never)
    assert second is not None
    assert (second.studies, second.slices_left) == (1, 0)
    assert shelf.rows == asked


def test_the_night_passes_over_what_waits_for_a_backfill(platform: Platform, shelf: Shelf) -> None:
    order_backfill(platform, TWO_YEARS)
    proceed(platform, after(1))
    with platform.database.begin() as transaction:
        assert inbox.open_items(transaction, "pacs", datetime.now(UTC)) == []
        inbox.register(transaction, "pacs", study_items(platform, "pacs", shelf.known(["1.2.5"])))
        assert len(inbox.open_items(transaction, "pacs", datetime.now(UTC))) == 1
    assert run_sql(platform, "SELECT count(*) FROM phi.open_deliveries(10)") == [(1,)]


def test_a_backfill_yields_to_a_run_of_ingest(platform: Platform) -> None:
    assert pause(platform) is None
    with platform.database.begin() as transaction:
        runs.begin(transaction)
    assert pause(platform) == "a run of ingest is active"
    with platform.database.begin() as transaction:
        runs.end(transaction)
    assert pause(platform) is None


def test_a_backfill_keeps_to_the_quiet_hours_of_its_archive(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    over = f"{(now + timedelta(hours=2)):%H}:00-{(now + timedelta(hours=3)):%H}:00 UTC"
    archive = Archive("pacs", shelf.between, shelf.undated, shelf.known, shelf.all_series, over)
    monkeypatch.setattr(backfill_plan, "archive_of", lambda *_: archive)
    order_backfill(platform, TWO_YEARS)
    evening = proceed(platform, never)
    assert evening is not None
    assert (evening.studies, evening.ended) == (0, "the quiet hours have ended")


def test_a_run_of_ingest_that_was_killed_does_not_stop_a_backfill_for_good(platform: Platform) -> None:
    run_sql(platform, "INSERT INTO idh.ingest_run (began_at) VALUES (now() - interval '13 hours')")
    assert pause(platform) is None


def test_two_processes_never_work_on_a_backfill_at_once(platform: Platform, shelf: Shelf) -> None:
    order_backfill(platform, TWO_YEARS)
    with (
        backfills.one_at_a_time(platform.database),
        pytest.raises(RunRefusedError, match="E_BACKFILL: another process"),
    ):
        proceed(platform, never)


def test_another_backfill_waits_until_the_first_is_finished(platform: Platform, shelf: Shelf) -> None:
    order_backfill(platform, TWO_YEARS)
    order_backfill(platform, TWO_YEARS)
    assert run_sql(platform, "SELECT count(*) FROM idh.backfill_slice") == [(2,)]
    with pytest.raises(RunRefusedError, match="E_BACKFILL: the one of pacs from 2018-01-01 to 2019-12-31"):
        order_backfill(platform, replace(TWO_YEARS, until=date(2020, 12, 31)))


def test_a_source_that_lists_no_studies_is_refused(platform: Platform, shelf: Shelf) -> None:
    with pytest.raises(RunRefusedError, match="E_PREFLIGHT: the source bucket"):
        order_backfill(platform, replace(TWO_YEARS, source="bucket"))


def test_a_study_that_fails_is_tried_again_the_next_evening(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing_once(_: Platform, item: inbox.InboxItem) -> FetchedFiles:
        if item.locator == "1.2.4":
            raise TransientError(Code.E_PACS, "the PACS is busy")
        return FetchedFiles(sent(study(item.locator)).files, item.locator)

    with monkeypatch.context() as patched:
        fetching(patched, failing_once)
        order_backfill(platform, TWO_YEARS)
        first = proceed(platform, never)
    assert first is not None
    assert (first.studies, first.failed, first.ended) == (2, 1, "what failed is tried again by a later run")
    second = proceed(platform, never)
    assert second is not None
    assert (second.studies, second.failed, second.ended) == (1, 0, "the backfill is finished")


def test_an_archive_that_is_away_ends_the_evening(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> FetchedFiles:
        raise TransientError(Code.E_PACS, "the PACS cannot be reached")

    monkeypatch.setattr(backfill, "FAILURES", 2)
    fetching(monkeypatch, away)
    order_backfill(platform, TWO_YEARS)
    with pytest.raises(TransientError, match="2 studies in a row failed"):
        proceed(platform, never)
    assert states(platform) == [("failed", 2), ("found", 1)]
