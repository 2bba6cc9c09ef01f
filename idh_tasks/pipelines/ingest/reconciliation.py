"""Reconciliation at the end of a night: every delivery that was found must have an outcome."""

import logging
from collections import Counter

from idh_tasks.codes import Code
from idh_tasks.db import audit, inbox, nights, runs, selection
from idh_tasks.db.engine import Transaction
from idh_tasks.db.inbox import InboxState
from idh_tasks.db.nights import NightBalance
from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.ingest.discovery import Discovery
from idh_tasks.pipelines.platform import Platform, record_audit_head

log = logging.getLogger(__name__)

MIN_NIGHTS = 5
"""Nights on record before an empty listing counts as suspicious."""
ARCHIVES = ("pacs", "dicomweb")
"""Sources that list the last weeks again every night: an empty listing is suspicious."""


def reconcile(platform: Platform, discovery: Discovery) -> int:
    """Check that every delivery has an outcome; return how many deliveries were new and ingested.

    Raises
    ------
    RunRefusedError
        ``E_RECONCILE`` if a delivery is open or a source could not be listed, ``E_EMPTY_SUSPECT`` if a source that
        always had studies lists none: such a night must not be green.
    """
    item_ids = [item_id for batch in discovery["batches"] for item_id in batch["ids"]]
    with platform.database.begin() as transaction:
        states = inbox.count_states(transaction, item_ids)
        excluded = _excluded(transaction, discovery, item_ids)
        balances = [_balance(source, discovery, states[source], excluded[source]) for source in discovery["found"]]
        suspects = [balance.source for balance in balances if _is_suspicious(transaction, balance)]
        for balance in balances:
            _record(transaction, balance, suspicious=balance.source in suspects)
            selection.keep_counts(transaction, balance.source)
        runs.end(transaction)
    record_audit_head(platform)
    for balance in balances:
        log.info("%s", _in_words(balance))
        if reasons := excluded[balance.source]:
            log.info("%s: excluded: %s", balance.source, ", ".join(f"{n} {why}" for why, n in reasons.most_common()))
    _refuse_if(sum(balance.failed for balance in balances), discovery["unreachable"], suspects)
    return sum(balance.new for balance in balances)


def _excluded(transaction: Transaction, discovery: Discovery, item_ids: list[str]) -> dict[str, Counter[str]]:
    """Return the studies that were not picked up, by source and reason: as they were listed, or by their series."""
    asked = selection.by_item(transaction, item_ids)
    told = discovery["excluded"]
    return {source: Counter(told.get(source)) + asked.get(source, Counter()) for source in discovery["found"]}


def _in_words(balance: NightBalance) -> str:
    outcomes = {name: count for name, count in vars(balance).items() if name not in ("source", "found") and count}
    told = ", ".join(f"{count} {name}" for name, count in outcomes.items())
    return f"{balance.source}: {balance.found} found{f', of which {told}' if told else ''}"


def _balance(source: str, discovery: Discovery, states: Counter[InboxState], excluded: Counter[str]) -> NightBalance:
    """Return the balance of one source; deliveries of earlier nights that were found again are unchanged."""
    found = discovery["found"][source]
    found_again = found - sum(states.values()) - excluded.total()
    return NightBalance(
        source,
        found,
        new=states[InboxState.INGESTED],
        unchanged=states[InboxState.UNCHANGED] + found_again,
        quarantined=states[InboxState.QUARANTINED],
        failed=states[InboxState.FAILED] + states[InboxState.FOUND],
        vanished=states[InboxState.VANISHED],
        excluded=excluded.total(),
    )


def _is_suspicious(transaction: Transaction, balance: NightBalance) -> bool:
    """Return whether an archive that listed studies on each of its last nights now lists none."""
    if balance.source not in ARCHIVES or balance.found > 0:
        return False
    recent = nights.recent_listings(transaction, balance.source)
    return recent.nights >= MIN_NIGHTS and recent.least > 0


def _record(transaction: Transaction, balance: NightBalance, *, suspicious: bool) -> None:
    nights.record_balance(transaction, balance, Code.E_EMPTY_SUSPECT if suspicious else None)
    audit.record(transaction, "ingest", "reconciled", balance.source, **vars(balance))


def _refuse_if(failed: int, unreachable: dict[str, str], suspects: list[str]) -> None:
    if failed or unreachable:
        sources = "".join(f"; {source} could not be listed ({reason})" for source, reason in unreachable.items())
        raise RunRefusedError(Code.E_RECONCILE, f"{failed} deliveries have no outcome, see phi.inbox{sources}")
    if suspects:
        raise RunRefusedError(
            Code.E_EMPTY_SUSPECT, f"{', '.join(suspects)} listed no studies, which is unusual; check the source"
        )
