"""Polls the laboratory's FHIR server: each page becomes a file in the drop, which is read like any other."""

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from idh_tasks.db import audit, watermarks
from idh_tasks.db.feed import FeedReading, FeedSource
from idh_tasks.intake.transport.fhir_search import Page, search_pages
from idh_tasks.pipelines.link.store_feed import failure_recorded, record_reading
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

SOURCE = "fhir"
OVERLAP = timedelta(hours=1)
"""How far a poll reaches back: a server may make a change visible some time after the time that it states for it."""
FIRST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Polled:
    """How many pages a poll has read, and how many of them were new files."""

    pages: int
    new: int


@dataclass(frozen=True)
class _Position:
    """The latest change that was read, and the entity tag of a search from there that had one page."""

    latest: datetime
    etag: str = ""

    def __str__(self) -> str:
        return f"{self.latest.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f} {self.etag}".strip()


def poll_laboratory(platform: Platform) -> Polled | None:
    """Store the pages of reports that have changed since the last poll; return None if no server is connected.

    The position moves only after all pages are stored. Pages that were stored before an error are read, and fetched
    again by the next poll.

    Raises
    ------
    IdhError
        ``E_FHIR`` or ``E_FHIR_AUTH`` if the server cannot be read to the end; errors of the object store.
    """
    server = platform.settings.fhir
    if server is None:
        return None
    start, position = datetime.now(UTC), _position(platform)
    pages, new = [], 0
    with failure_recorded(platform, FeedSource.FHIR):
        for page in search_pages(server, _since(position), position.etag if position else ""):
            new += _store(platform, page)
            pages.append(replace(page, content=b""))
    with platform.database.begin() as transaction:
        if pages:
            watermarks.advance(transaction, SOURCE, str(_moved(position, pages, start)))
        reports = len(frozenset().union(*(page.found for page in pages)))
        record_reading(transaction, FeedReading(source=FeedSource.FHIR, reports_read=reports))
        audit.record(transaction, "link", "feed polled", SOURCE, pages=len(pages), new=new)
    log.info("FHIR server: %d pages, %d new", len(pages), new)
    return Polled(len(pages), new)


def _position(platform: Platform) -> _Position | None:
    with platform.database.begin() as transaction:
        stated = watermarks.position(transaction, SOURCE)
    if stated is None:
        return None
    latest, _, etag = stated.partition(" ")
    return _Position(datetime.fromisoformat(latest).replace(tzinfo=UTC), etag)


def _since(position: _Position | None) -> datetime:
    return position.latest - OVERLAP if position else FIRST


def _moved(position: _Position | None, pages: list[Page], start: datetime) -> _Position:
    """Return the new position; a time in the future does not count, or changes until then would be passed over."""
    times = [page.latest for page in pages if page.latest is not None and page.latest <= start]
    before = position.latest if position else FIRST
    latest = max([before, *times])
    # The entity tag is that of the search from `before`, and the next search is another one if the position moves.
    return _Position(latest, pages[0].etag if len(pages) == 1 and position and latest == before else "")


def _store(platform: Platform, page: Page) -> bool:
    """Store a page unchanged under a key from its resources; return whether it was new.

    A server states another id and time with each search, so that the same resources are recognised without them.
    """
    if not page.found:
        return False
    entries = json.dumps(json.loads(page.content)["entry"], sort_keys=True).encode()
    key = f"{platform.settings.store.polled_prefix}{hashlib.sha256(entries).hexdigest()[:32]}.json"
    if any(platform.pathology_drop.listed(key)):
        return False
    platform.pathology_drop.put(key, page.content)
    return True
