"""The full listing of an archive by slices, which must add up, and what the nightly listing cannot see."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from idh_tasks.codes import Code
from idh_tasks.db import inbox
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport.changes import Changes
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.ingest import arrivals, discovery, ledger
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.ledger import check_archives
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.archives import Archive
from idh_tasks.pipelines.ingest.sources.items import Listing, study_items
from idh_tasks.pipelines.ingest.store_study import store_studies
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import quarantined, study
from tests.integration.test_corrected_identity import sent

OLD, RECENT = "20050607", "20260101"


@dataclass
class Shelf:
    """An archive in memory, and how many studies it was asked to list."""

    studies: dict[str, PacsStudy] = field(default_factory=dict)
    series: dict[str, frozenset[tuple[str, int]]] = field(default_factory=dict)
    rows: int = 0

    def add(self, *studies: PacsStudy) -> None:
        self.studies |= {study.study_uid: study for study in studies}
        self.series |= {study.study_uid: frozenset({(f"{study.study_uid}.1", study.instances)}) for study in studies}

    def between(self, since: date, until: date) -> list[PacsStudy]:
        first, last = f"{since:%Y%m%d}", f"{until:%Y%m%d}"
        return self._told([one for one in self.studies.values() if first <= one.study_date <= last])

    def undated(self) -> list[PacsStudy]:
        return self._told([one for one in self.studies.values() if not one.study_date])

    def known(self, uids: Sequence[str]) -> list[PacsStudy]:
        return [self.studies[uid] for uid in uids if uid in self.studies]

    def all_series(self, uids: Sequence[str]) -> dict[str, frozenset[tuple[str, int]]]:
        return {uid: self.series.get(uid, frozenset()) for uid in uids}

    def _told(self, rows: list[PacsStudy]) -> list[PacsStudy]:
        self.rows += len(rows)
        return rows


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Return an archive that is the installation's PACS."""
    shelf = Shelf()
    archive = Archive("pacs", shelf.between, shelf.undated, shelf.known, shelf.all_series)
    monkeypatch.setattr(ledger, "configured", lambda _: [archive])
    monkeypatch.setattr(arrivals, "archive_of", lambda *_: archive)
    pacs = replace(SOURCES["pacs"], is_configured=lambda _: True, list_items=lambda *_: Listing([]))
    monkeypatch.setattr(discovery, "SOURCES", {**SOURCES, "pacs": pacs})
    return shelf


def with_listing(platform: Platform, **settings: int) -> Platform:
    listing = platform.settings.listing.model_copy(update=settings)
    return Platform(platform.settings.model_copy(update={"listing": listing}))


def pass_over(platform: Platform, shelf: Shelf) -> None:
    """List the archive from the first day to the studies without a date."""
    run_sql(platform, "DELETE FROM idh.listing_slice")
    for _ in range(200):
        check_archives(platform)
        if run_sql(platform, "SELECT FROM idh.listing_slice WHERE since IS NULL"):
            return
    pytest.fail("the full listing does not end")


def slices(platform: Platform, columns: str = "sum(listed), sum(open), sum(known), sum(missing)") -> tuple[int, ...]:
    [row] = run_sql(platform, f"SELECT {columns} FROM idh.listing_slice")
    return tuple(map(int, row))


def finish(platform: Platform) -> None:
    run_sql(platform, "UPDATE phi.inbox SET state = 'ingested'")


def test_a_study_of_an_old_date_that_arrived_late_is_found_by_the_full_listing(
    platform: Platform, shelf: Shelf
) -> None:
    shelf.add(PacsStudy("1.2.1", RECENT, 5), PacsStudy("1.2.2", OLD, 5), PacsStudy("1.2.3", "", 5))
    platform = with_listing(platform, slices=5)
    pass_over(platform, shelf)
    assert slices(platform) == (3, 3, 0, 0)
    finish(platform)
    shelf.add(PacsStudy("1.2.4", "19991231", 7))
    pass_over(platform, shelf)
    assert slices(platform) == (4, 1, 3, 0)
    assert run_sql(platform, "SELECT locator FROM phi.inbox WHERE state = 'found'") == [("1.2.4",)]


def test_a_late_arrival_does_not_move_the_watermark_of_the_nightly_listing(platform: Platform, shelf: Shelf) -> None:
    shelf.add(PacsStudy("1.2.2", OLD, 5))
    pass_over(with_listing(platform, slices=5), shelf)
    assert run_sql(platform, "SELECT count(*) FROM idh.watermark") == [(0,)]


def test_the_cost_of_a_night_stays_flat_as_the_archive_grows(platform: Platform, shelf: Shelf) -> None:
    platform = with_listing(platform, slices=1, slice_studies=20)
    shelf.add(*(PacsStudy(f"1.{y}.{n}", f"{y}0{1 + n % 9}11", 1) for y in range(1990, 2026) for n in range(y - 1980)))
    nights = []
    for _ in range(120):
        before = shelf.rows
        check_archives(platform)
        nights.append(shelf.rows - before)
        if run_sql(platform, "SELECT FROM idh.listing_slice WHERE since IS NULL"):
            break
    assert slices(platform)[0] == len(shelf.studies)
    assert max(nights) <= 4 * 20
    assert run_sql(platform, "SELECT count(*) FROM phi.inbox") == [(len(shelf.studies),)]


def test_a_study_that_the_archive_does_not_list_any_more_is_named_until_it_is_back(
    platform: Platform, shelf: Shelf
) -> None:
    store_studies(platform, sent(study()))
    shelf.add(listed := PacsStudy("1.2.3", "20180304", 4))
    platform = with_listing(platform, slices=5)
    pass_over(platform, shelf)
    finish(platform)
    del shelf.studies["1.2.3"]
    pass_over(platform, shelf)
    assert slices(platform, "sum(missing)") == (1,)
    assert quarantined(platform) == {"study W_NOT_LISTED": 1}
    shelf.add(listed)
    pass_over(platform, shelf)
    assert quarantined(platform) == {}
    assert run_sql(platform, "SELECT missing_since FROM phi.study_identity") == [(None,)]


def test_a_study_whose_date_was_corrected_is_not_missing(platform: Platform, shelf: Shelf) -> None:
    store_studies(platform, sent(study()))
    shelf.add(PacsStudy("1.2.3", "20180304", 4))
    platform = with_listing(platform, slices=5)
    pass_over(platform, shelf)
    finish(platform)
    shelf.add(PacsStudy("1.2.3", "20190304", 4))
    pass_over(platform, shelf)
    assert slices(platform, "sum(missing), sum(known)") == (0, 1)


def test_a_slice_that_does_not_add_up_is_red_and_kept(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.add(PacsStudy("1.2.1", "19900203", 5), PacsStudy("1.2.2", "19900203", 5))
    monkeypatch.setattr(ledger, "study_items", lambda *a: study_items(*a)[:1])
    with pytest.raises(RunRefusedError, match=r"E_LEDGER.*2 listed ≠ 0 known, 0 held, 1 open, 0 excluded"):
        check_archives(with_listing(platform, slices=1))
    assert run_sql(platform, "SELECT listed, open, balanced FROM idh.listing_slice") == [(2, 1, False)]


def test_an_archive_that_cannot_be_listed_is_red_and_begins_there_the_next_night(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> list[PacsStudy]:
        raise TransientError(Code.E_PACS, "the PACS cannot be reached")

    archive = Archive("pacs", unreachable, shelf.undated, shelf.known, shelf.all_series)
    with monkeypatch.context() as patched:
        patched.setattr(ledger, "configured", lambda _: [archive])
        with pytest.raises(RunRefusedError, match="E_LEDGER: pacs could not be listed"):
            check_archives(platform)
    check_archives(with_listing(platform, slices=1))
    assert run_sql(platform, "SELECT since FROM idh.listing_slice") == [(date(1990, 1, 1),)]


def test_changed_series_of_a_known_study_have_it_fetched_again(platform: Platform, shelf: Shelf) -> None:
    store_studies(platform, sent(study()))
    shelf.add(PacsStudy("1.2.3", "20180304", 4))
    platform = with_listing(platform, slices=0)
    with platform.database.begin() as transaction:
        inbox.enter(transaction, "pacs", study_items(platform, "pacs", shelf.known(["1.2.3"])))
    finish(platform)
    assert check_archives(platform).changed == 0
    shelf.series["1.2.3"] = frozenset({("1.2.3.9", 4)})
    assert check_archives(platform).changed == 1
    assert run_sql(platform, "SELECT state FROM phi.inbox") == [("found",)]
    finish(platform)
    assert check_archives(platform).changed == 0


def test_a_corrected_patient_of_a_known_study_has_it_fetched_again(platform: Platform, shelf: Shelf) -> None:
    store_studies(platform, sent(study()))
    listed = PacsStudy("1.2.3", OLD, 4, patient_id="wrong")
    shelf.add(listed)
    platform = with_listing(platform, slices=0)
    with platform.database.begin() as transaction:
        inbox.enter(transaction, "pacs", study_items(platform, "pacs", [listed]))
    finish(platform)
    shelf.add(replace(listed, patient_id="right"))
    check_archives(platform)
    assert run_sql(platform, "SELECT state, count(*) FROM phi.inbox GROUP BY 1 ORDER BY 1") == [
        ("found", 1),
        ("ingested", 1),
    ]


@pytest.mark.parametrize(
    ("before", "listed", "fetched"),
    [
        ("4", PacsStudy("1.2.3", OLD, 4, patient_id=""), []),
        ("4", PacsStudy("1.2.3", OLD, 4, patient_id="HOSPITAL-ID"), []),
        ("4", PacsStudy("1.2.3", OLD, 5, patient_id="HOSPITAL-ID"), ["1.2.3"]),
        ("4", PacsStudy("1.2.3", OLD, 4, patient_id="corrected"), ["1.2.3"]),
    ],
)
def test_a_study_on_record_from_before_the_upgrade_is_known_if_count_and_patient_are_the_same(
    platform: Platform, before: str, listed: PacsStudy, fetched: list[str]
) -> None:
    store_studies(platform, sent(study(patient="HOSPITAL-ID")))
    run_sql(
        platform,
        "INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position, state, found_at) "
        "VALUES ('old', 'pacs', '1.2.3', :before, '', 'ingested', now() - interval '1 day')",
        before=before,
    )
    for _ in range(2):
        with platform.database.begin() as transaction:
            inbox.register(transaction, "pacs", study_items(platform, "pacs", [listed]))
    opened = run_sql(platform, "SELECT locator FROM phi.inbox WHERE state = 'found'")
    assert [locator for (locator,) in opened] == fetched


def test_the_night_fetches_what_the_change_feed_names_whatever_its_date(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def feed(_: object, since: int | None) -> Changes:
        asked.append(since)
        return Changes(() if since is None else ("1.2.2", "1.2.9"), 7 + len(asked))

    monkeypatch.setattr(arrivals, "read_changes", feed)
    shelf.add(PacsStudy("1.2.2", OLD, 5), PacsStudy("1.2.9", OLD, 5, modalities=frozenset({"CT"})))
    platform = Platform(platform.settings.model_copy(update={"changes": object()}))
    assert discover(platform, ("pacs",))["found"] == {"pacs": 0}
    assert discover(platform, ("pacs",))["found"] == {"pacs": 1}
    assert asked == [None, 8]
    assert run_sql(platform, "SELECT position FROM idh.watermark") == [("00000000000000000009",)]


def test_a_feed_that_begins_anew_is_read_from_its_beginning_the_next_time(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([Changes((), 900), Changes((), 3, "the feed begins anew"), Changes((), 4)])
    asked: list[int | None] = []

    def feed(_: object, since: int | None) -> Changes:
        asked.append(since)
        return next(answers)

    monkeypatch.setattr(arrivals, "read_changes", feed)
    platform = Platform(platform.settings.model_copy(update={"changes": object()}))
    for _ in range(3):
        discover(platform, ("pacs",))
    assert asked == [None, 900, 3]


def test_a_feed_that_fails_is_named_and_does_not_stop_the_night(
    platform: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Changes:
        raise TransientError(Code.E_PACS, "the change feed failed (ConnectionError)")

    monkeypatch.setattr(arrivals, "read_changes", failing)
    found = discover(Platform(platform.settings.model_copy(update={"changes": object()})), ("pacs",))
    assert found["unreachable"] == {"changes": "E_PACS: the change feed failed (ConnectionError)"}
