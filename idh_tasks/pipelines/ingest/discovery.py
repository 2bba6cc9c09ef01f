"""Discovery: lists every source, registers what it has, and cuts the open deliveries into batches."""

import logging
from collections.abc import Collection
from datetime import date
from typing import TypedDict

from idh_tasks.db import audit, inbox, nights, runs
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import IdhError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.ingest.arrivals import FEED, Arrivals, arrivals
from idh_tasks.pipelines.ingest.sources import SOURCES
from idh_tasks.pipelines.ingest.sources.archives import ARCHIVES
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)


class Discovery(TypedDict):
    """How many deliveries each source has, which sources failed and why, and the batches of open deliveries."""

    found: dict[str, int]
    unreachable: dict[str, str]
    batches: list[Batch]


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
    registered, open_items = _register(platform, listed, arrived)
    found = {source: len({*ids, *open_items[source]}) for source, ids in registered.items()}
    for source, count in found.items():
        log.info("%s: %d found, %d to be ingested", source, count, len(open_items[source]))
    batches = cut([item_id for ids in open_items.values() for item_id in ids], what="deliveries")
    return Discovery(found=found, unreachable={s: str(error) for s, error in failures.items()}, batches=batches)


def _list_sources(
    platform: Platform, sources: tuple[str, ...], since: date | None
) -> tuple[dict[str, list[InboxItem]], dict[str, IdhError]]:
    listed: dict[str, list[InboxItem]] = {}
    failures: dict[str, IdhError] = {}
    for source in sources:
        if SOURCES[source].is_configured(platform):
            try:
                listed[source] = SOURCES[source].list_items(platform, since)
            except IdhError as error:
                failures[source] = error
                _record_failure(platform, source, error)
    return listed, failures


def _arrived(platform: Platform, listed: Collection[str], failures: dict[str, IdhError]) -> Arrivals:
    """Return what the change feed names; if it fails, the listings are taken all the same."""
    try:
        return arrivals(platform, [source for source in ARCHIVES if source in listed])
    except IdhError as error:
        failures[FEED] = error
        _record_failure(platform, FEED, error)
        return Arrivals()


def _record_failure(platform: Platform, source: str, error: IdhError) -> None:
    log.warning("source %s could not be listed: %s", source, error)
    with platform.database.begin() as transaction:
        nights.record_unlisted(transaction, source, error.code, error.reason)
        audit.record(transaction, "ingest", "source refused", source, code=error.code)


def _register(
    platform: Platform, listed: dict[str, list[InboxItem]], arrived: Arrivals
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Register all deliveries in one transaction; return the ids of all and of the open ones by source."""
    with platform.database.begin() as transaction:
        late = arrived.register(transaction)
        registered = {
            source: [*inbox.register(transaction, source, items), *late.get(source, ())]
            for source, items in listed.items()
        }
        runs.begin(transaction)
        return registered, {source: inbox.open_items(transaction, source) for source in listed}
