"""Discovery: lists every source, registers what it has, and cuts the open deliveries into batches."""

import logging
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypedDict

from idh_tasks.db import audit, inbox, nights, runs, selection
from idh_tasks.errors import IdhError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.ingest.arrivals import FEED, Arrivals, arrivals
from idh_tasks.pipelines.ingest.cohort_way import list_cohort
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.archives import ARCHIVES
from idh_tasks.pipelines.ingest.sources.items import Listing
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)


class SourceBatch(Batch):
    """Open deliveries of one source."""

    source: str


class Discovery(TypedDict):
    """How many studies each source has, which failed or are incomplete and why, and the batches of open deliveries.

    `excluded` has the number of studies that are not picked up, by source and reason; they are part of `found`, as are
    the deliveries `waiting` for another try in a later night.
    """

    found: dict[str, int]
    excluded: dict[str, dict[str, int]]
    waiting: dict[str, int]
    unreachable: dict[str, str]
    incomplete: dict[str, str]
    batches: list[SourceBatch]


def discover(platform: Platform, sources: tuple[str, ...] = tuple(SOURCES), since: date | None = None) -> Discovery:
    """List every source, register its deliveries, and return those that are open.

    Raises
    ------
    TransientError
        If no source could be listed; otherwise the failed ones are reported at the end of the night.
    RunRefusedError
        ``E_STORE_INSECURE``, before any source is listed.
    """
    platform.store.preflight()
    listed, failures = _list_sources(platform, sources, since)
    if failures and not listed:
        raise next(iter(failures.values()))
    arrived = _arrived(platform, listed, failures)
    registered, to_try, waiting = _register(platform, listed, arrived)
    excluded = {source: dict(listing.excluded) for source, listing in listed.items()}
    known = {source: {*ids, *to_try[source], *waiting[source]} for source, ids in registered.items()}
    found = {source: len(ids) + listed[source].excluded.total() for source, ids in known.items()}
    for source, count in found.items():
        log.info("%s: %d found, %d to be ingested", source, count, len(to_try[source]))
    return Discovery(
        found=found,
        excluded=excluded,
        waiting={source: len(ids) for source, ids in waiting.items()},
        unreachable={source: str(error) for source, error in failures.items()},
        incomplete={source: one.incomplete for source, one in listed.items() if one.incomplete},
        batches=[batch for source, ids in to_try.items() for batch in _cut(source, ids)],
    )


def _cut(source: str, ids: list[str]) -> list[SourceBatch]:
    return [
        SourceBatch(label=f"{source} {batch['label']}", ids=batch["ids"], source=source)
        for batch in cut(ids, what="deliveries")
    ]


def _list_sources(
    platform: Platform, sources: tuple[str, ...], since: date | None
) -> tuple[dict[str, Listing], dict[str, IdhError]]:
    listed: dict[str, Listing] = {}
    failures: dict[str, IdhError] = {}
    for source in sources:
        if SOURCES[source].is_configured(platform):
            try:
                listed[source] = SOURCES[source].list_items(platform, since)
                listed[source] = _with_cohort(listed[source], list_cohort(platform, source))
            except IdhError as error:
                failures[source] = error
                _record_failure(platform, source, error)
    return listed, failures


def _with_cohort(listing: Listing, cohort: Listing) -> Listing:
    """Return both, in which no study counts twice: what the cohort excludes is kept, but not part of the night."""
    known = {item.item_id for item in listing.items}
    items = [*listing.items, *(item for item in cohort.items if item.item_id not in known)]
    return replace(listing, items=items, asked=cohort.asked)


def _arrived(platform: Platform, listed: Collection[str], failures: dict[str, IdhError]) -> Arrivals:
    """Return what the change feed names; if it fails, the listings are taken all the same.

    The position of the feed is that of all archives: it stays where it is until each of them could be listed.
    """
    archives = [name for name, source in SOURCES.items() if name in ARCHIVES and source.is_configured(platform)]
    if not set(archives) <= set(listed):
        return Arrivals()
    try:
        return arrivals(platform, archives)
    except IdhError as error:
        failures[FEED] = error
        _record_failure(platform, FEED, error)
        return Arrivals()


def _record_failure(platform: Platform, source: str, error: IdhError) -> None:
    log.warning("source %s could not be listed: %s", source, error)
    with platform.database.begin() as transaction:
        nights.record_unlisted(transaction, source, error.code, error.reason)
        audit.record(transaction, "ingest", "source refused", source, code=error.code)


_Ids = dict[str, list[str]]


def _register(platform: Platform, listed: dict[str, Listing], arrived: Arrivals) -> tuple[_Ids, _Ids, _Ids]:
    """Register deliveries, and who was asked for, in one transaction; return all, those to try, and those later."""
    now = datetime.now(UTC)
    with platform.database.begin() as transaction:
        late = arrived.register(transaction)
        registered = {
            source: [*inbox.register(transaction, source, one.items, one.position), *late.get(source, ())]
            for source, one in listed.items()
        }
        for source, one in listed.items():
            selection.record_asked(transaction, source, one.asked)
        runs.begin(transaction)
        to_try = {source: inbox.open_items(transaction, source, now) for source in listed}
        return registered, to_try, {source: inbox.waiting(transaction, source, now) for source in listed}
