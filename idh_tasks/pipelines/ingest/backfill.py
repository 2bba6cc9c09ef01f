"""Backfill: fetches years of an archive, one study at a time, in quiet hours and never in front of a night.

The studies of a slice are registered with a low priority, which the nights pass over, and ingested by the same code.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from idh_tasks.codes import Code
from idh_tasks.db import audit, backfills, inbox, runs
from idh_tasks.db.backfills import Backfill, Order, SliceDates
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.intake.transport.traffic import is_quiet
from idh_tasks.pipelines.ingest.backfill_plan import ListedSlice, archive_to_fill, list_slice
from idh_tasks.pipelines.ingest.batch import ingest_batch
from idh_tasks.pipelines.ingest.giving_up import give_up
from idh_tasks.pipelines.ingest.slices import Period, cut_days
from idh_tasks.pipelines.ingest.sources.items import study_items
from idh_tasks.pipelines.platform import Platform

log = logging.getLogger(__name__)

FAILURES = 5
"""Studies in a row that may fail before the backfill gives up for the evening."""

Stop = Callable[[datetime], str | None]
"""Returns why the backfill must pause at a time, or None."""


@dataclass(frozen=True)
class Evening:
    """What one evening of a backfill did: studies with an outcome, failed ones, slices left, and why it ended.

    `gaps` is the number of slices that the archive did not list completely.
    """

    studies: int
    failed: int
    slices_left: int
    ended: str
    gaps: int = 0

    @property
    def sentence(self) -> str:
        """Return the evening in words."""
        failed = f", {self.failed} failed and are tried again" if self.failed else ""
        gaps = f"; {self.gaps} slices were not listed completely ({Code.E_QUERY_TRUNCATED})" if self.gaps else ""
        return f"{self.studies} studies fetched{failed}; {self.slices_left} slices are left{gaps}; {self.ended}."


def order_backfill(platform: Platform, order: Order) -> None:
    """Keep an order with its slices; the same order again goes on with the one that is not finished.

    Raises
    ------
    RunRefusedError
        ``E_BACKFILL`` if another one is not finished, ``E_PREFLIGHT`` if the archive is not configured.
    """
    archive_to_fill(platform, order)
    slices = [SliceDates(one.since, one.until) for one in cut_days(order.since, order.until, order.slice_days)]
    with platform.database.begin() as transaction:
        open_one = backfills.unfinished(transaction)
        if open_one is None:
            backfills.begin(transaction, order, slices)
            stated = {"since": str(order.since), "until": str(order.until), "slices": len(slices)}
            audit.record(transaction, "ingest", "backfill ordered", order.source, **stated)
        elif open_one.order != order:
            reason = f"the one of {open_one.source} from {open_one.since} to {open_one.until} is not finished"
            raise RunRefusedError(Code.E_BACKFILL, reason)


def pause(platform: Platform) -> str | None:
    """Return why a backfill must pause, or None: it yields to a night."""
    with platform.database.begin() as transaction:
        return "a run of ingest is active" if runs.is_active(transaction) else None


def proceed(platform: Platform, stop: Stop) -> Evening | None:
    """Go on with the backfill that is not finished until it is, or must pause; return None if there is none.

    Raises
    ------
    RunRefusedError
        ``E_BACKFILL`` if another process works on it.
    TransientError
        ``E_INGEST`` if several studies in a row fail, or as the archive's listing.
    """
    with backfills.one_at_a_time(platform.database):
        with platform.database.begin() as transaction:
            backfill = backfills.unfinished(transaction)
        if backfill is None:
            return None
        evening = _work(platform, backfill, stop)
        with platform.database.begin() as transaction:
            audit.record(transaction, "ingest", "backfill paused", backfill.source, **vars(evening))
    log.info("backfill: %s", evening.sentence)
    return evening


def _work(platform: Platform, backfill: Backfill, stop: Stop) -> Evening:
    tried: dict[str, bool] = {}
    gaps = 0
    quiet_hours = archive_to_fill(platform, backfill.order).quiet_hours
    while True:
        now = datetime.now(UTC)
        ended = stop(now) if is_quiet(quiet_hours, now) else "the quiet hours have ended"
        if ended is None:
            waiting = [one for one in _waiting(platform, backfill) if one not in tried]
            if waiting:
                tried[waiting[0]] = _fetch(platform, waiting[0])
                _give_up_if(list(tried.values())[-FAILURES:])
                continue
            if listed := _list_next(platform, backfill):
                gaps += bool(listed.incomplete)
                continue
            ended = _finish(platform, backfill)
        return _evening(platform, backfill, tried, ended, gaps)


def _waiting(platform: Platform, backfill: Backfill) -> list[str]:
    with platform.database.begin() as transaction:
        return inbox.open_items(transaction, backfill.source, datetime.now(UTC), inbox.NIGHT + 1, inbox.LATER)


def _fetch(platform: Platform, item_id: str) -> bool:
    """Ingest one study; return whether it has an outcome."""
    try:
        ingest_batch(platform, [item_id])
    except TransientError:
        return False
    return True


def _give_up_if(latest: list[bool]) -> None:
    if len(latest) == FAILURES and not any(latest):
        raise TransientError(Code.E_INGEST, f"{FAILURES} studies in a row failed; see the inbox")


def _list_next(platform: Platform, backfill: Backfill) -> ListedSlice | None:
    """Register the studies of the next slice, and name what is missing of it; return None if there is none."""
    with platform.database.begin() as transaction:
        backfills.keep_done(transaction, backfill.backfill_id)
        dates = backfills.next_slice(transaction, backfill.backfill_id)
    if dates is None:
        return None
    archive = archive_to_fill(platform, backfill.order)
    listed = list_slice(platform, archive, Period(dates.since, dates.until))
    items = [replace(item, priority=backfill.priority) for item in study_items(platform, backfill.source, listed.taken)]
    with platform.database.begin() as transaction:
        inbox.enter(transaction, backfill.source, items)
        backfills.keep_listed(transaction, backfill.backfill_id, dates.since, listed.counts)
        if listed.incomplete:
            audit.record(transaction, "ingest", "slice incomplete", backfill.source, reason=listed.incomplete)
    log.info("backfill %s to %s: %s. %s", dates.since, dates.until, listed.counts, listed.incomplete)
    return listed


def _finish(platform: Platform, backfill: Backfill) -> str:
    """Finish a backfill, unless something of it failed in fewer nights than it is tried."""
    with platform.database.begin() as transaction:
        give_up(transaction, backfill.source, platform.settings.night.tries)
        if inbox.has_open(transaction, backfill.source, inbox.NIGHT + 1):
            return "what failed is tried again by a later run"
        backfills.finish(transaction, backfill.backfill_id)
        audit.record(transaction, "ingest", "backfill finished", backfill.source)
    return "the backfill is finished"


def _evening(platform: Platform, backfill: Backfill, tried: dict[str, bool], ended: str, gaps: int) -> Evening:
    with platform.database.begin() as transaction:
        left = backfills.progress(transaction, backfill.backfill_id).left_open
    done = sum(tried.values())
    return Evening(done, len(tried) - done, left, ended, gaps)
