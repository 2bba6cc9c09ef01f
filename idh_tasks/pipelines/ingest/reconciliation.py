"""The end of a night: every delivery that was found has an outcome, or is named, counted and tried again."""

import logging
from collections import Counter

from idh_tasks.codes import Code
from idh_tasks.db import audit, inbox, nights, runs, selection
from idh_tasks.db.engine import Transaction
from idh_tasks.db.inbox import InboxState
from idh_tasks.db.nights import NightBalance
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.ingest.discovery import Discovery
from idh_tasks.pipelines.ingest.giving_up import give_up
from idh_tasks.pipelines.ingest.verdict import NightEnd, SourceEnd, night_end
from idh_tasks.pipelines.platform import Platform, record_audit_head

log = logging.getLogger(__name__)

MIN_NIGHTS = 5
"""Nights on record before an empty listing counts as suspicious."""
ARCHIVES = ("pacs", "dicomweb")
"""Sources that list the last weeks again every night: an empty listing is suspicious."""


def balance(platform: Platform, discovery: Discovery) -> NightEnd:
    """Hold what failed in too many nights, record the balance of each source, and return how the night went."""
    item_ids = [item_id for batch in discovery["batches"] for item_id in batch["ids"]]
    with platform.database.begin() as transaction:
        for source in discovery["found"]:
            give_up(transaction, source, platform.settings.night.tries)
        ends = _ends(transaction, discovery, item_ids, platform.settings.night.tolerance)
        for end in ends:
            _record(transaction, end)
            selection.keep_counts(transaction, end.balance.source)
        runs.end(transaction)
    record_audit_head(platform)
    return night_end(ends, discovery["unreachable"])


def reconcile(night: NightEnd) -> NightEnd:
    """Judge the night, after what succeeded was announced.

    Raises
    ------
    RunRefusedError
        ``E_RECONCILE`` if more deliveries failed than is tolerated or a source could not be listed completely,
        ``E_EMPTY_SUSPECT`` if a source that always had studies lists none: such a night must not be green.
    """
    if night["refused"]:
        raise RunRefusedError(Code(night["refused"]), night["reason"])
    return night


def _ends(transaction: Transaction, discovery: Discovery, item_ids: list[str], tolerance: float) -> list[SourceEnd]:
    states, failed = inbox.count_states(transaction, item_ids), inbox.failed(transaction, item_ids)
    excluded = _excluded(transaction, discovery, item_ids)
    return [
        SourceEnd(
            _balance(source, discovery, states[source], excluded[source]),
            tried=states[source].total(),
            failed=tuple(one for one in failed if one.source == source),
            waiting=discovery["waiting"][source],
            tolerance=tolerance,
            incomplete=discovery["incomplete"].get(source, ""),
            reasons=excluded[source],
            suspicious=_is_suspicious(transaction, source, discovery["found"][source]),
        )
        for source in discovery["found"]
    ]


def _excluded(transaction: Transaction, discovery: Discovery, item_ids: list[str]) -> dict[str, Counter[str]]:
    """Return the studies that were not picked up, by source and reason: as they were listed, or by their series."""
    asked = selection.by_item(transaction, item_ids)
    told = discovery["excluded"]
    return {source: Counter(told.get(source)) + asked.get(source, Counter()) for source in discovery["found"]}


def _balance(source: str, discovery: Discovery, states: Counter[InboxState], excluded: Counter[str]) -> NightBalance:
    """Return the balance of one source; deliveries of earlier nights that were found again are unchanged."""
    found, waiting = discovery["found"][source], discovery["waiting"][source]
    found_again = found - sum(states.values()) - excluded.total() - waiting
    return NightBalance(
        source,
        found,
        new=states[InboxState.INGESTED],
        unchanged=states[InboxState.UNCHANGED] + found_again,
        quarantined=states[InboxState.QUARANTINED],
        failed=states[InboxState.FAILED] + states[InboxState.FOUND] + waiting,
        vanished=states[InboxState.VANISHED],
        excluded=excluded.total(),
    )


def _is_suspicious(transaction: Transaction, source: str, found: int) -> bool:
    """Return whether an archive that listed studies on each of its last nights now lists none."""
    if source not in ARCHIVES or found > 0:
        return False
    recent = nights.recent_listings(transaction, source)
    return recent.nights >= MIN_NIGHTS and recent.least > 0


def _record(transaction: Transaction, end: SourceEnd) -> None:
    nights.record_balance(transaction, end.balance, end.flag, end.reason or None)
    audit.record(transaction, "ingest", "reconciled", end.balance.source, **vars(end.balance))
    log.info("%s", end.sentence)
    if end.reasons:
        told = ", ".join(f"{count} {why}" for why, count in end.reasons.most_common())
        log.info("%s: excluded: %s", end.balance.source, told)
