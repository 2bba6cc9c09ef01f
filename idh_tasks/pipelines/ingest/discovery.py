"""Discovery: lists every source, registers what it has, and cuts the open deliveries into batches."""

import logging
from datetime import date
from typing import TypedDict

from idh_tasks.db import audit, inbox, nights
from idh_tasks.db.inbox import InboxItem
from idh_tasks.errors import IdhError
from idh_tasks.pipelines.batches import Batch, cut
from idh_tasks.pipelines.ingest.sources import SOURCES
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
    registered, open_items = _register(platform, listed)
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


def _record_failure(platform: Platform, source: str, error: IdhError) -> None:
    log.warning("source %s could not be listed: %s", source, error)
    with platform.database.begin() as transaction:
        nights.record_unlisted(transaction, source, error.code, error.reason)
        audit.record(transaction, "ingest", "source refused", source, code=error.code)


def _register(
    platform: Platform, listed: dict[str, list[InboxItem]]
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Register all deliveries in one transaction; return the ids of all and of the open ones by source."""
    with platform.database.begin() as transaction:
        registered = {source: inbox.register(transaction, source, items) for source, items in listed.items()}
        return registered, {source: inbox.open_items(transaction, source) for source in listed}
