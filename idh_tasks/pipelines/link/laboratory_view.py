"""Reads the laboratory's view, unless it has lost most of its rows."""

import logging
from dataclasses import replace
from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.db import feed, watermarks
from idh_tasks.db.feed import FeedReading, FeedSource
from idh_tasks.db.laboratory import Laboratory
from idh_tasks.db.laboratory_values import moment_of
from idh_tasks.domain.pathology import Channel
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.files import by_channel
from idh_tasks.linkage.feed.rows import read_rows
from idh_tasks.pipelines.link.store_feed import failure_recorded, record_reading, store_content
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

SOURCE = "pathology"
LEAST_DRIFTED = 10
"""Where only what changed is read, a few reports that cannot be read say nothing about the column."""
USUAL_ROWS, DROP = 10, 0.1
"""A view that usually has at least `USUAL_ROWS` rows is broken if it has less than the share `DROP` of them."""


def load_view(platform: Platform) -> int:
    """Store the reports of the view that are not known yet; return how many versions were new.

    Raises
    ------
    RunRefusedError
        ``E_FEED_DROP`` if most of the usual rows are gone, ``E_SCHEMA`` if a column has changed.
    TransientError
        If the laboratory's database or ours is unreachable.
    """
    if platform.laboratory is None:
        return 0
    with failure_recorded(platform, FeedSource.LABORATORY):
        rows_there = platform.laboratory.count()
    _refuse_drop(platform, rows_there)
    with failure_recorded(platform, FeedSource.LABORATORY):
        return _load(platform, platform.laboratory, rows_there)


def _load(platform: Platform, laboratory: Laboratory, rows_there: int) -> int:
    read = laboratory.read(_last_change(platform), datetime.now(UTC))
    settings = platform.settings
    content = read_rows(read.rows, settings.issuer, LEAST_DRIFTED, settings.linkage.date_order)
    content = replace(by_channel(content, Channel.VIEW), rejected=content.rejected + read.rejected)
    with platform.database.begin() as transaction:
        stored = store_content(platform, transaction, content)
        if read.latest_change is not None:
            watermarks.advance(transaction, SOURCE, read.latest_change.isoformat(timespec="microseconds"))
        reading = FeedReading(
            source=FeedSource.LABORATORY,
            rows_there=rows_there,
            reports_read=len(content.reports),
            reports_new=stored.new,
            held=stored.held,
        )
        record_reading(transaction, reading)
    log.info(
        "view: %d rows, %d reports read, %d new, %d held", rows_there, len(content.reports), stored.new, stored.held
    )
    if read.in_future:
        log.warning("view: %d reports state a change in the future; they are read every night", read.in_future)
    return stored.new


def _last_change(platform: Platform) -> datetime | None:
    with platform.database.begin() as transaction:
        position = watermarks.position(transaction, SOURCE)
    return moment_of(position) if position else None


def _refuse_drop(platform: Platform, rows_there: int) -> None:
    """Refuse a view that has lost most of its rows: reports do not normally disappear."""
    with platform.database.begin() as transaction:
        usual = feed.usual_rows(transaction)
        if usual < USUAL_ROWS or rows_there >= DROP * usual:
            return
        reason = f"the laboratory's view has {rows_there} rows instead of the usual {usual}; nothing was read"
        reading = FeedReading(source=FeedSource.LABORATORY, rows_there=rows_there, flag=Code.E_FEED_DROP, reason=reason)
        record_reading(transaction, reading)
    raise RunRefusedError(Code.E_FEED_DROP, reason)
