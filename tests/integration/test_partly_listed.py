"""A PACS that does not list a part of a day: the rest is taken, and the part is named in night, slice and evening."""

from dataclasses import replace
from datetime import date

import pytest

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.intake.transport.whole_list import PartlyListedError
from idh_tasks.pipelines.ingest import backfill_plan, batch, discovery, ledger
from idh_tasks.pipelines.ingest.backfill import order_backfill, proceed
from idh_tasks.pipelines.ingest.discovery import discover
from idh_tasks.pipelines.ingest.fetched import FetchedFiles
from idh_tasks.pipelines.ingest.ledger import check_archives
from idh_tasks.pipelines.ingest.reconciliation import balance, reconcile
from idh_tasks.pipelines.ingest.sources import SOURCES, pacs
from idh_tasks.pipelines.ingest.sources.archives import Archive
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import study
from tests.integration.test_backfill import TWO_YEARS, never, slices
from tests.integration.test_corrected_identity import sent
from tests.integration.test_ledger import Shelf

GAP = "the PACS does not list all studies of 2018-03-04 from 10:15 to 10:16; all others are listed"


class ShelfWithGap(Shelf):
    """An archive that never lists all studies of one minute."""

    def between(self, since: date, until: date) -> list[PacsStudy]:
        """List a period, in part if it holds the day of the gap."""
        listed = super().between(since, until)
        if since <= date(2018, 3, 4) <= until:
            raise PartlyListedError(Code.E_QUERY_TRUNCATED, GAP, listed)
        return listed


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Return a PACS with a gap; its retrieve works."""
    shelf = ShelfWithGap()
    shelf.add(PacsStudy("1.2.3", "20180304", 4), PacsStudy("1.2.5", "20190506", 4))
    archive = Archive("pacs", shelf.between, shelf.undated, shelf.known, shelf.all_series)
    fetching = replace(
        SOURCES["pacs"], is_configured=lambda _: True, of_patients=None,
        fetch=lambda _, item: FetchedFiles(sent(study(item.locator)).files, item.locator),
    )  # fmt: skip
    for module in (discovery, batch):
        monkeypatch.setattr(module, "SOURCES", {"pacs": fetching})
    monkeypatch.setattr(pacs, "find_studies", lambda _, since, until: archive.between(since, until))
    monkeypatch.setattr(backfill_plan, "archive_of", lambda *_: archive)
    monkeypatch.setattr(ledger, "configured", lambda _: [archive])
    return archive


@pytest.mark.usefixtures("archive")
def test_n06_a_night_takes_what_is_listed_and_is_red_by_the_name_of_the_gap(platform: Platform) -> None:
    listed = discover(platform, ("pacs",))
    assert listed["incomplete"] == {"pacs": f"E_QUERY_TRUNCATED: {GAP}"}
    for part in listed["batches"]:
        batch.ingest_batch(platform, part["ids"])
    end = balance(platform, listed)
    assert end["studies"] == 2
    with pytest.raises(RunRefusedError, match="from 10:15 to 10:16"):
        reconcile(end)
    assert run_sql(platform, "SELECT flag, reason, new FROM idh.ingest_night") == [
        ("E_QUERY_TRUNCATED", f"E_QUERY_TRUNCATED: {GAP}", 2)
    ]


@pytest.mark.usefixtures("archive")
def test_n06_the_full_listing_names_the_gap_and_goes_on(platform: Platform) -> None:
    said: list[str] = []
    for _ in range(40):
        try:
            check_archives(platform)
        except RunRefusedError as error:
            said.append(error.reason)
        if run_sql(platform, "SELECT FROM idh.listing_slice WHERE since IS NULL"):
            break
    assert said == [f"pacs: E_QUERY_TRUNCATED: {GAP}"]
    assert run_sql(platform, "SELECT sum(listed), sum(missing) FROM idh.listing_slice") == [(2, 0)]


@pytest.mark.usefixtures("archive")
def test_n06_a_backfill_fetches_what_is_listed_and_says_which_slices_are_not_complete(platform: Platform) -> None:
    assert GAP in backfill_plan.plan(platform, TWO_YEARS).sentence
    order_backfill(platform, TWO_YEARS)
    evening = proceed(platform, never)
    assert evening is not None
    assert (evening.studies, evening.gaps, evening.ended) == (2, 1, "the backfill is finished")
    assert "1 slices were not listed completely (E_QUERY_TRUNCATED)" in evening.sentence
    assert slices(platform) == [("done", 1), ("done", 1)]
    named = "SELECT detail ->> 'reason' FROM idh.audit_event WHERE action = 'slice incomplete'"
    assert run_sql(platform, named) == [(f"E_QUERY_TRUNCATED: {GAP}",)]
